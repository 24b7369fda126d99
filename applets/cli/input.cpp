// Reading pairs, environment files and documents.
#include "applets/cli/input.h"

#include "api/yaml.h"
#include "applets/cli/editor.h"

namespace cli {

Result<StringMap> read_pairs(const Arg& list) {
  StringMap pairs;
  bool read = false;
  for (const Arg& pair : list.parts) {
    std::string value = pair.parts[1].text;
    if (value == "-" && !stdin_is_terminal()) {
      if (read) return fail(Code::invalid, "Cannot read the stdin twice");
      read = true;
      value = TRY(read_stdin());
    }
    pairs[pair.parts[0].text] = std::move(value);
  }
  return pairs;
}

Result<StringMap> parse_pairs(const StringList& texts, std::string_view problem) {
  StringMap pairs;
  for (const std::string& text : texts) {
    size_t equals = text.find('=');
    if (equals == std::string::npos) return fail(Code::invalid, "{}: {}", problem, quote(text));
    pairs[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return pairs;
}

Result<StringMap> read_environment_file(const std::string& path) {
  std::string text = TRY_CTX(read_file(path), "Can't read from environment file");
  StringMap pairs;
  for (const std::string& raw : split(text, '\n')) {
    std::string_view line = trim(raw);
    if (line.empty() || line[0] == '#') continue;
    size_t equals = line.find('=');
    std::string key(trim(line.substr(0, equals)));
    std::string_view value = equals == std::string_view::npos ? "" : trim(line.substr(equals + 1));
    if (key.empty()) continue;
    if (value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0]) value = value.substr(1, value.size() - 2);
    pairs[key] = value;
  }
  return pairs;
}

Result<std::map<std::string, StringMap>> parse_device_overrides(const StringList& texts) {
  std::map<std::string, StringMap> devices;
  for (const std::string& text : texts) {
    size_t comma = text.find(',');
    size_t equals = text.find('=', comma == std::string::npos ? 0 : comma);
    if (comma == std::string::npos || equals == std::string::npos) return fail(Code::invalid, "Bad device override syntax, expecting <device>,<key>=<value>: {}", text);
    devices[text.substr(0, comma)][text.substr(comma + 1, equals - comma - 1)] = text.substr(equals + 1);
  }
  return devices;
}

Result<Json> document_from_stdin() {
  if (stdin_is_terminal()) return Json();
  return api::parse_yaml(TRY(read_stdin()));
}

bool means_stdin(std::string_view path) { return path == "-" || path == "/dev/stdin" || path == "/dev/fd/0"; }
bool means_stdout(std::string_view path) { return path == "-" || path == "/dev/stdout" || path == "/dev/fd/1"; }

}  // namespace cli
