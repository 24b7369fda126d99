// What the instance commands share: URLs, key=value options, devices, choosing an image.
#pragma once
#include <map>
#include <string>

#include "api/types/image.h"
#include "api/types/instance.h"
#include "applets/cli/call.h"

namespace cli {

/// "/1.0/instances/NAME" with `rest` appended ("/state"); the name is escaped.
std::string instance_url(std::string_view name, std::string_view rest = "");
/// "inst/snap" -> "/1.0/instances/inst/snapshots/snap".
std::string snapshot_url(std::string_view instance, std::string_view snapshot);

/// Applies overrides to `devices`; devices of the profiles (loaded from the server) become local ones. Errors: not_found.
Result<> apply_device_overrides(Call& call, client::Server& server, const api::DevicesMap& overrides, StringList profiles, api::DevicesMap& devices);

/// The image `name` (alias, fingerprint or its start) of `remote`, and the source an instance on `server_remote` takes it from.
struct ChosenImage {
  api::Image image;
  api::InstanceSource source;
  StringList urls = {};  ///< of the server it comes from, if that is another one
};
Result<ChosenImage> choose_image(Call& call, const std::string& remote, const std::string& name, const std::string& server_remote);

/// POSTs a request whose `source` is that image, and waits; each URL of the image's server is tried.
struct ImageRequest {
  std::string path;
  Json body;                 ///< without "source"
  std::string_view problem;  ///< put before errors of a transfer between servers
  std::string_view progress;
};
Result<std::optional<api::Operation>> run_with_image(Call& call, client::Server& server, const ChosenImage& chosen, const ImageRequest& request);

/// PUT of an instance's state, waited for. action: "start", "stop", …; timeout in seconds, -1 for none.
struct StateChange {
  std::string action;
  int64_t timeout = -1;
  bool force = false;
  bool stateful = false;
};
Result<> change_state(Call& call, client::Server& server, const std::string& name, const StateChange& change);

/// Shows a virtual machine's screen in a SPICE viewer of this machine (screen.cpp); without one it says where the socket is. Until that ends.
Result<> show_screen(Call& call, client::Server& server, const std::string& name);
/// Attaches to the console (console.cpp), "vga" is the screen; `with_log` prints what was missed first.
Result<> attach_console(Call& call, client::Server& server, const std::string& name, const std::string& type, bool with_log);
/// The same with the log first, right after a start: what has ended by then is shown from the log alone.
Result<> show_console(Call& call, client::Server& server, const std::string& name, const std::string& type);

}  // namespace cli
