// Starting commands for exec: a session, a user and a terminal of their own.
#pragma once
#include <memory>
#include <string>

#include "base/result.h"
#include "base/strings.h"
#include "core/command_session.h"

namespace agent {

struct CommandSpec {
  StringList command;
  StringMap environment;
  std::string cwd;
  uid_t uid = 0;
  gid_t gid = 0;
  bool terminal = false;  ///< the streams are one
  core::CommandStreams streams;
};

/// Errors: not_found (no such program or folder), forbidden (may not be run), internal.
Result<std::unique_ptr<core::Command>> start_command(const CommandSpec& spec);

}  // namespace agent
