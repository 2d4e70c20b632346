import Platform

/// A plan that runs `script` with the system's shell in a nearly empty environment.
func shell(_ script: String, environment: [String] = []) -> SpawnPlan {
  SpawnPlan(
    program: "/bin/sh", arguments: ["sh", "-c", script], environment: ["PATH=/usr/bin:/bin"] + environment)
}
