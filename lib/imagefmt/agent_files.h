// The files of the config drive that are the same for every Linux guest: how an agent is started and installed there.
#pragma once
#include <span>
#include <string_view>

namespace imagefmt {

struct AgentFile {
  const char* path;        ///< in the drive
  unsigned mode;
  std::string_view text;
};
/// Folders are not listed.
std::span<const AgentFile> agent_files();

}  // namespace imagefmt
