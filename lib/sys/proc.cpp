#include "sys/proc.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/strings.h"
#include "base/unique_fd.h"

namespace sys {
namespace {

/// Field `number` (1 is the pid, as proc(5) counts) of /proc/<pid>/stat.
std::optional<uint64_t> stat_field(pid_t pid, size_t number) {
  auto text = read_file(std::format("/proc/{}/stat", pid));
  if (!text) return std::nullopt;
  // The command's name may hold anything; what follows its last parenthesis is fields 3 and up.
  size_t end = text->rfind(')');
  if (end == std::string::npos) return std::nullopt;
  StringList fields = split_list(text->substr(end + 1), ' ');
  if (fields.size() < number - 2) return std::nullopt;
  return parse_uint(fields[number - 3]);
}

}  // namespace

std::optional<uint64_t> process_start_time(pid_t pid) { return stat_field(pid, 22); }

std::optional<pid_t> parent_of(pid_t pid) {
  auto parent = stat_field(pid, 4);
  if (!parent) return std::nullopt;
  return static_cast<pid_t>(*parent);
}

std::string status_field(pid_t pid, const std::string& key) {
  auto text = read_file(std::format("/proc/{}/status", pid));
  if (!text) return "";
  for (const std::string& line : split(*text, '\n')) {
    if (line.starts_with(key + ":")) return std::string(trim(line.substr(key.size() + 1)));
  }
  return "";
}

bool blocks_signal(pid_t pid, int signal) {
  auto mask = parse_uint(status_field(pid, "SigBlk"), 16);
  return mask && (*mask >> (signal - 1) & 1);
}

bool is_process(pid_t pid, uint64_t start_time) { return process_start_time(pid) == start_time; }

int64_t meminfo(const std::string& key) {
  auto text = read_file("/proc/meminfo");
  if (!text) return 0;
  for (const std::string& line : split(*text, '\n')) {
    if (!line.starts_with(key + ":")) continue;
    StringList fields = split_list(line.substr(key.size() + 1), ' ');
    return fields.empty() ? 0 : parse_int(fields[0]).value_or(0) * 1024;
  }
  return 0;
}

Result<> set_oom_score(pid_t pid, int64_t score) {
  std::string path = std::format("/proc/{}/oom_score_adj", pid), text = std::to_string(score);
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || write(fd.get(), text.data(), text.size()) < 0) return fail_errno("Failed setting " + path);
  return {};
}

ProcessUse process_use(pid_t pid) {
  static const int64_t ticks = sysconf(_SC_CLK_TCK), page = sysconf(_SC_PAGESIZE);
  constexpr int64_t kSecond = 1'000'000'000;
  auto field = [pid](size_t number) { return static_cast<int64_t>(stat_field(pid, number).value_or(0)); };
  return {.cpu = (field(14) + field(15)) * (kSecond / ticks), .memory = field(24) * page};
}

}  // namespace sys
