#include "oci/runtime.h"

#include <algorithm>

#include "archive/tar_reader.h"
#include "oci/json_member.h"

namespace oci {

namespace {

// What a shell would not take literally. `oci.entrypoint` shows these behind a backslash; only words with blanks are quoted as a whole.
constexpr std::string_view kSpecial = "\\'\"`${[|&;<>()*?!";
constexpr std::string_view kBlanks = " \t\n";

std::string escaped(std::string_view word) {
  std::string out;
  for (char c : word) {
    if (kSpecial.contains(c) || (c == '~' && out.empty())) out += '\\';
    out += c;
  }
  return out;
}

/// Single quotes around everything but single quotes.
std::string quoted(const std::string& word) {
  std::string out;
  bool first = true;
  for (const std::string& part : split(word, '\'')) {
    if (!first) out += "\\'";
    if (!part.empty()) out += "'" + part + "'";
    first = false;
  }
  return out;
}

bool is_one_line(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; });
}

Result<std::vector<RuntimeMount>> mounts_of(const Json& spec) {
  std::vector<RuntimeMount> out;
  const Json& list = member(spec, "mounts");
  if (!list.is_array()) return out;
  for (const Json& item : list) {
    RuntimeMount mount{text(item, "destination"), text(item, "type"), text(item, "source"), texts(item, "options")};
    if (mount.type != "tmpfs" || !member(item, "uidMappings").is_null() || !member(item, "gidMappings").is_null()) continue;
    mount.destination = "/" + TRY_CTX(archive::clean_path(mount.destination), "Bad mount in config.json");
    bool good = is_one_line(mount.destination) && is_one_line(mount.source);
    // Commas would make further options of one; a comment sign would cut the line.
    for (const std::string& option : mount.options) good = good && is_one_line(option) && option.find_first_of(", #") == option.npos;
    if (!good || mount.destination.contains('#')) return fail(Code::invalid, "Bad mount of {} in config.json", quote(mount.destination));
    if (mount.source.empty() || mount.source.find_first_of(" #") != mount.source.npos) mount.source = "none";
    out.push_back(std::move(mount));
  }
  return out;
}

}  // namespace

Result<Runtime> parse_runtime(std::string_view document) {
  Json spec = TRY_CTX(api::parse_json(document), "Failed parsing OCI config");
  const Json& process = member(spec, "process");
  Runtime out;
  out.arguments = texts(process, "args");
  out.environment = texts(process, "env");
  for (const std::string& entry : out.environment)
    if (entry.find('=') == entry.npos || entry.starts_with('=')) return fail(Code::invalid, "Bad OCI environment variable: {}", quote(entry));
  if (std::string cwd = text(process, "cwd"); !cwd.empty()) out.cwd = cwd;
  if (!out.cwd.starts_with('/') || !is_one_line(out.cwd)) return fail(Code::invalid, "Bad working folder {} in config.json", quote(out.cwd));
  out.uid = static_cast<uint32_t>(std::clamp<int64_t>(number(member(process, "user"), "uid", 0), 0, UINT32_MAX - 1));
  out.gid = static_cast<uint32_t>(std::clamp<int64_t>(number(member(process, "user"), "gid", 0), 0, UINT32_MAX - 1));
  out.stop_signal = text(member(spec, "annotations"), "org.opencontainers.image.stopSignal");
  out.mounts = TRY(mounts_of(spec));
  return out;
}

Result<StringList> split_command(std::string_view line) {
  StringList words;
  std::string word;
  bool inside = false;  // a word has begun
  char open = 0;        // the quote that is open
  for (size_t i = 0; i < line.size(); ++i) {
    char c = line[i];
    if (open == '\'') {
      if (c == open) open = 0;
      else word += c;
    } else if (c == '\\') {
      if (i + 1 == line.size()) return fail(Code::invalid, "Unterminated backslash-escape");
      char next = line[++i];
      // Between double quotes a backslash only escapes what would mean something there.
      if (open && next != '"' && next != '\\' && next != '$' && next != '`' && next != '\n') word += c;
      if (next != '\n') word += next;
      inside = true;
    } else if (open) {
      if (c == open) open = 0;
      else word += c;
    } else if (c == '\'' || c == '"') {
      open = c;
      inside = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (inside) words.push_back(std::exchange(word, ""));
      inside = false;
    } else {
      word += c;
      inside = true;
    }
  }
  if (open) return fail(Code::invalid, "Unterminated {} quoted string", open == '"' ? "double" : "single");
  if (inside) words.push_back(word);
  return words;
}

std::string join_command(const StringList& words) {
  StringList out;
  for (const std::string& word : words) out.push_back(word.empty() ? "''" : word.find_first_of(kBlanks) == word.npos ? escaped(word) : quoted(word));
  return join(out, " ");
}

}  // namespace oci
