// An image's configuration, and the runtime configuration (config.json) that is made of it for instances. (image-spec, config.md and conversion.md.)
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/strings.h"
#include "base/timestamp.h"

namespace oci {

/// What an image says about itself. Untrusted.
struct ImageConfig {
  std::string os, architecture, author;
  Timestamp created;          ///< zero if it isn't told
  std::string user;           ///< "", "NAME", "UID", "USER:GROUP"
  StringList environment;     ///< NAME=value
  StringList entrypoint, command;
  std::string working_folder;
  std::string stop_signal;    ///< "SIGQUIT", "3" or ""
  StringMap labels;
  StringList ports;
  StringList diff_ids;        ///< digests of the unpacked layers, lowest first
};
/// Errors: invalid, unsupported (another system than Linux).
Result<ImageConfig> parse_config(std::string_view json);

/// Who a process runs as.
struct User {
  uint32_t uid = 0, gid = 0;
  std::vector<uint32_t> groups;  ///< further ones
  std::string home;              ///< "" if nobody says
};
/// `wanted` by the image's own passwd and group files (their texts, "" if it has none). Errors: invalid: no such user or group.
Result<User> find_user(std::string_view wanted, std::string_view passwd, std::string_view group);

/// config.json of the runtime specification, in the form that Incus keeps beside rootfs/. Volumes of the image stay on the root disk.
/// Errors: invalid (an environment variable without a name or "=", no such user).
Result<std::string> runtime_spec(const ImageConfig& image, std::string_view passwd, std::string_view group);

}  // namespace oci
