// Structured logging: one line a message, `time level message key=value…`, to standard error and to a sink the daemon sets.
#pragma once
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

enum class LogLevel { debug, info, warning, error };
using LogFields = std::vector<std::pair<std::string, std::string>>;
using LogSink = std::function<void(LogLevel, std::string_view message, const LogFields&)>;

std::string_view log_level_name(LogLevel level);
/// Messages below `level` are dropped before they are formatted. Default: warning.
void set_log_level(LogLevel level);
LogLevel log_level();
/// Also written to this file (append); an empty path means standard error only. False if it cannot be opened.
bool set_log_file(const std::string& path);
/// Called with each message at or above the level (the daemon turns them into `logging` events). Must not block.
void set_log_sink(LogSink sink);

void log_message(LogLevel level, std::string_view message, const LogFields& fields);
inline void log_debug(std::string_view message, const LogFields& fields = {}) { log_message(LogLevel::debug, message, fields); }
inline void log_info(std::string_view message, const LogFields& fields = {}) { log_message(LogLevel::info, message, fields); }
inline void log_warn(std::string_view message, const LogFields& fields = {}) { log_message(LogLevel::warning, message, fields); }
inline void log_error(std::string_view message, const LogFields& fields = {}) { log_message(LogLevel::error, message, fields); }
