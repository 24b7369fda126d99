// The client's own configuration: remotes, default remote, aliases and defaults of config.yml (~/.config/incus or $INCUS_CONF).
#pragma once
#include <map>
#include <string>

#include "applets/cli/usage.h"
#include "base/result.h"
#include "base/strings.h"

namespace client {
struct Endpoint;
}

namespace cli {

struct Remote {
  StringList addresses;            ///< at least one; the last working one is tried first
  std::string last_working_address;
  std::string auth_type;           ///< "tls", "oidc", "" for public ones
  int64_t keepalive = 0;           ///< seconds; 0: no helper connection
  std::string project;
  std::string protocol = "incus";  ///< "incus", "simplestreams", "oci"
  std::string credentials_helper;
  bool is_public = false;
  bool is_global = false;          ///< from /etc/incus: never saved
  bool is_static = false;          ///< built in

  /// Addresses in the order they should be tried.
  StringList rolling_addresses() const;
};

struct Defaults {
  std::string list_format, console_type, console_spice_command;
  bool no_color = false;
};

class Config : public RemoteNames {
 public:
  /// Reads the file; without one, the built-in remotes. Errors: invalid (broken file), internal.
  static Result<Config> load();

  std::string default_remote;       ///< $INCUS_REMOTE wins over the file
  std::map<std::string, Remote> remotes;
  StringMap aliases;
  Defaults defaults;
  bool existed = false;             ///< was there a file?

  const std::string& folder() const { return folder_; }
  /// A path inside the configuration folder.
  std::string path(std::string_view name) const;
  std::string server_certificate_path(const std::string& remote) const;
  /// Makes `name` the default, also in the file.
  void set_default_remote(const std::string& name);
  /// Writes config.yml, without built-in and global remotes.
  Result<> save() const;

  Result<std::pair<std::string, std::string>> split(std::string_view text) const override;
  /// Errors: not_found.
  Result<const Remote*> find(const std::string& name) const;

  /// How to reach a remote at one of its addresses; certificates are read. Errors: invalid (no client certificate).
  Result<client::Endpoint> endpoint(const std::string& name, const std::string& address) const;
  bool has_client_certificate() const;
  /// Makes client.crt and client.key if they are missing.
  Result<> generate_client_certificate() const;

 private:
  std::string folder_;
  std::string file_default_remote_;
};

/// $INCUS_CONF, $XDG_CONFIG_HOME/incus or ~/.config/incus; "" if there is no home.
std::string config_folder();
std::string global_config_folder();
/// $INCUS_SOCKET, $INCUS_DIR/unix.socket or the system's place.
std::string local_socket_path();
/// $INCUS_CACHE, or ~/.cache/incus.
std::string cache_folder();

}  // namespace cli
