// One invocation: what a command's function gets to work with.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "applets/cli/command.h"
#include "applets/cli/config.h"
#include "applets/cli/flags.h"
#include "applets/cli/usage.h"
#include "base/context.h"
#include "client/api.h"

namespace cli {

class Call {
 public:
  Call(const Command& command, Flags flags, Config config);

  const Command& command;
  Flags flags;
  std::vector<Arg> args;  ///< one per element of the usage line
  Config config;
  Context ctx;            ///< never stopped: Ctrl-C ends the process, except while wait() shows progress
  int exit_code = 0;      ///< of the process if the command succeeds

  /// The server of a `[<remote>:]…` argument (or of a remote's name), with the chosen project. Connections are made at the first request and kept.
  /// Errors: not_found (no such remote), invalid (not a server remote).
  Result<client::Server> server(const Arg& arg) { return server(arg.remote); }
  Result<client::Server> server(const std::string& remote);
  /// The same for remotes of public servers too.
  Result<client::Server> public_server(const std::string& remote);

  bool quiet() const { return flags.on("quiet"); }
  /// "name" or "remote:name", as messages call an object.
  std::string shown(const Arg& arg) const;
  /// --format, or the user's default for lists.
  std::string format() const;
  /// Prints a line unless --quiet.
  void say(std::string_view line) const;

 private:
  Result<client::Server> connect(const std::string& name, bool allow_public);
  std::map<std::string, client::Server> servers_;
};

/// Sends a request (no body for a null one) and, if it started an operation, waits for it; `progress_format` ("Exporting: {}") shows its
/// progress on a terminal; Ctrl-C cancels the operation. See wait.h. Errors: the operation's, cancelled.
Result<std::optional<api::Operation>> run_and_wait(Call& call, client::Server& server, http::Method method, const std::string& path, const Json& body,
                                                   const std::string& etag = "", std::string_view progress_format = "");

}  // namespace cli
