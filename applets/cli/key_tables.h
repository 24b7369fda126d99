// The tables of config keys as the client needs them: for completion and manual pages.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "applets/cli/complete.h"
#include "config/key.h"

namespace cli {

/// The keys that a command's `<key>` can be. Of `config get KEY` both the server's and an instance's unless the line named an instance;
/// of a device those of its type, if the line names that.
std::vector<config::Keys> keys_of_command(std::string_view path, const KnownNames& names);

/// A chapter of documentation.
struct KeyChapter {
  std::string title;
  config::Keys keys;
};
/// Every table that has keys, in the order it is documented.
std::vector<KeyChapter> key_chapters();

}  // namespace cli
