import OAuth
import Protocol

/// `auth logout`: forgets a server's credentials.
enum AuthLogoutCommand {
  static func run(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let files = try AuthFiles(arguments)
    let server = try AuthServer.find(arguments.operands[0], in: files)
    let wasThere: Bool
    do {
      wasThere = try files.store.update(server.key, always: true) { entry in
        defer { entry = nil }
        return entry != nil
      }
    } catch {
      throw CommandFailure(error)
    }
    return AuthPayload.printed(files, server) { writer in
      writer.member("removed", wasThere)
      writer.member("authStatus", AuthenticationStatus.notAuthenticated.rawValue)
    }
  }
}
