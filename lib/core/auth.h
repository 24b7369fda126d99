// Who may do what: trust by peer, restricted certificates, entitlements (wire.md, section 7).
#pragma once
#include <string>

#include "core/event.h"
#include "http/message.h"

namespace core {

/// The object an entitlement is asked on; server-wide where project and name are empty.
struct AuthObject {
  std::string type;  ///< "server", "project", "instance", "image", …
  std::string project;
  std::string name;
};

/// The outcome of authenticating a peer.
struct Identity {
  bool trusted = false;
  bool admin = false;       ///< unix socket or unrestricted certificate
  bool root = false;        ///< uid 0 on the unix socket
  StringList projects;      ///< a restricted certificate's projects
  std::string certificate_type;  ///< "client", "metrics", "server"; empty on the unix socket
  Requestor requestor;

  /// May this peer do `entitlement` on `object`? For a "project" object its name is the project that counts.
  /// Errors: forbidden. Unknown entitlements fail closed.
  Result<> check(const AuthObject& object, std::string_view entitlement) const;
  bool can_see_project(const std::string& project) const { return trusted && (admin || contains(projects, project)); }
};

}  // namespace core
