// config.json of an application container, as far as it decides how the container is run. It may come from an image of another builder: untrusted.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/strings.h"

namespace oci {

struct RuntimeMount {
  std::string destination, type, source;
  StringList options;
};

struct Runtime {
  StringList arguments;    ///< the entry point
  StringList environment;  ///< NAME=value
  std::string cwd = "/";
  uint32_t uid = 0, gid = 0;
  std::string stop_signal;            ///< what ends the entry point: "" means SIGTERM
  std::vector<RuntimeMount> mounts;   ///< of type tmpfs without id maps; others are the container's anyhow
};
/// Errors: invalid (not JSON, a variable without "=", a relative working folder, paths that lead upwards).
Result<Runtime> parse_runtime(std::string_view json);

/// Words of a command line as a shell would split them: quotes and backslashes, nothing else. Errors: invalid (open quote).
Result<StringList> split_command(std::string_view line);
/// One line that split_command() takes apart into the same words.
std::string join_command(const StringList& words);

}  // namespace oci
