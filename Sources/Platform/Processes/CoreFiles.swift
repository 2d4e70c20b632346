import Glibc

/// Images of a dying process's memory, which hold its secrets.
package enum CoreFiles {
  /// No core file will be written for this process nor for what it starts, and none of them can change that.
  ///
  /// The process stays "dumpable" (prctl(2)): otherwise its files in `/proc` would belong to root, and nobody could tell
  /// what it uses or attach a debugger. Who may read its memory there is the same user, who may read its configuration
  /// and the credential store as well.
  package static func forbid() {
    var limit = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
  }
}
