#include "base/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <format>
#include <memory>
#include <mutex>

#include "base/strings.h"
#include "base/timestamp.h"

namespace {
std::atomic<LogLevel> g_level{LogLevel::warning};
std::atomic<int> g_file{-1};
std::mutex g_sink_mutex;
std::shared_ptr<const LogSink> g_sink;

void append_value(std::string& line, std::string_view value) {
  bool plain = !value.empty() && value.find_first_of(" \"=\n\t\\") == std::string_view::npos;
  if (plain) line += value;
  else line += quote(value);
}
}  // namespace

std::string_view log_level_name(LogLevel level) {
  static constexpr std::string_view kNames[] = {"debug", "info", "warning", "error"};
  return kNames[static_cast<int>(level)];
}

void set_log_level(LogLevel level) { g_level = level; }
LogLevel log_level() { return g_level; }

bool set_log_file(const std::string& path) {
  int fd = path.empty() ? -1 : open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0 && !path.empty()) return false;
  int old = g_file.exchange(fd);
  if (old >= 0) close(old);
  return true;
}

void set_log_sink(LogSink sink) {
  std::lock_guard lock(g_sink_mutex);
  g_sink = sink ? std::make_shared<const LogSink>(std::move(sink)) : nullptr;
}

void log_message(LogLevel level, std::string_view message, const LogFields& fields) {
  if (level < g_level.load(std::memory_order_relaxed)) return;
  std::string line = std::format("time=\"{}\" level={} msg={}", Timestamp::now().rfc3339(), log_level_name(level), quote(message));
  for (const auto& [key, value] : fields) {
    line += ' ';
    line += key;
    line += '=';
    append_value(line, value);
  }
  line += '\n';
  (void)!write(STDERR_FILENO, line.data(), line.size());
  if (int fd = g_file.load(); fd >= 0) (void)!write(fd, line.data(), line.size());
  std::shared_ptr<const LogSink> sink;
  {
    std::lock_guard lock(g_sink_mutex);
    sink = g_sink;
  }
  if (sink) (*sink)(level, message, fields);
}
