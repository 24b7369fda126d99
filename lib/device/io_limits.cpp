#include "device/io_limits.h"

#include "base/strings.h"
#include "base/units.h"

namespace device {

Result<IoLimit> parse_io_limit(const std::string& text) {
  if (text.empty()) return IoLimit{};
  constexpr std::string_view kOperations = "iops";
  bool operations = text.ends_with(kOperations);
  auto number = operations ? parse_int(text.substr(0, text.size() - kOperations.size())) : parse_byte_size(text);
  if (!number || *number < 0) return fail(Code::invalid, "Invalid I/O limit {}: give a size per second (10MB) or operations (500iops)", quote(text));
  return operations ? IoLimit{.operations = *number} : IoLimit{.bytes = *number};
}

Result<std::string> io_max_line(unsigned major, unsigned minor, const std::string& read, const std::string& write) {
  IoLimit reading = TRY(parse_io_limit(read)), writing = TRY(parse_io_limit(write));
  std::string limits;
  auto add = [&](const char* name, int64_t value) {
    if (value > 0) limits += std::format(" {}={}", name, value);
  };
  add("rbps", reading.bytes);
  add("wbps", writing.bytes);
  add("riops", reading.operations);
  add("wiops", writing.operations);
  return limits.empty() ? "" : std::format("{}:{}{}", major, minor, limits);
}

std::string io_unlimited(const std::string& line) {
  StringList words;
  for (const std::string& word : split(line, ' ')) {
    size_t equals = word.find('=');
    words.push_back(equals == std::string::npos ? word : word.substr(0, equals) + "=max");
  }
  return join(words, " ");
}

}  // namespace device
