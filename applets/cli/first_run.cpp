// Greeting and initial configuration.
#include "applets/cli/first_run.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <print>

#include "applets/cli/tree.h"
#include "client/api.h"

namespace cli {

namespace {

bool server_folder_exists() {
  const char* folder = std::getenv("INCUS_DIR");
  return access(folder && *folder ? folder : "/var/lib/incus", F_OK) == 0;
}

/// Is the local server set up? Also picks the only project a restricted user sees.
bool inspect_server(Config& config) {
  client::Server server(client::Endpoint{.unix_path = local_socket_path()});
  Context ctx;
  auto info = server.info(ctx);
  bool ready = info && (*info)->contains("environment") && (*(*info))["environment"].value("storage", "") != "";
  auto projects = server.get(ctx, "/1.0/projects");
  if (projects && projects->metadata.is_array() && projects->metadata.size() == 1) {
    std::string path = projects->metadata[0].get<std::string>();
    std::string name = path.substr(path.rfind('/') + 1);
    if (name != "default") config.remotes["local"].project = name;
  }
  return ready;
}

}  // namespace

void welcome(const Command& command, const Flags& flags, Config& config) {
  if (config.existed || flags.on("force-local") || config.folder().empty()) return;
  std::error_code error;
  std::filesystem::create_directories(config.folder(), error);
  if (server_folder_exists()) {
    bool ready = inspect_server(config);
    bool admin = command.path.starts_with("admin");
    bool hinted = false;
    if (!ready && command.path != "admin init") {
      std::println(stderr, "If this is your first time running Incus on this machine, you should also run: incus admin init");
      hinted = true;
    }
    if (!admin && command.path != "create" && command.path != "launch") {
      std::println(stderr, "To start your first container, try: incus launch images:debian/12\nOr for a virtual machine: incus launch images:debian/12 --vm");
      hinted = true;
    }
    if (hinted) std::println(stderr, "");
  }
  if (Result<> saved = config.save(); !saved) std::println(stderr, "Warning: {}", saved.error().message());
  config.existed = true;
}

}  // namespace cli
