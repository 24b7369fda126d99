// raw.qemu and raw.qemu.conf: what the administrator wants otherwise. Text of qemu.conf.
#include <optional>

#include "instance/qemu/config.h"

namespace instance::qemu {
namespace {

struct Header {
  std::string name;
  size_t index = 0;
};

Result<Header> parse_header(std::string_view line, int number) {
  size_t end = line.find(']');
  if (end == line.npos || end <= 1) return fail(Code::invalid, "Line {}: a section is named in square brackets, got {}", number, quote(line));
  Header out{std::string(trim(line.substr(1, end - 1)))};
  std::string_view rest = trim(line.substr(end + 1));
  if (rest.empty()) return out;
  auto index = rest.starts_with('[') && rest.ends_with(']') && rest.size() > 2 ? parse_uint(rest.substr(1, rest.size() - 2)) : std::nullopt;
  if (!index || *index > 1000) return fail(Code::invalid, "Line {}: the index of a section is a number in square brackets, got {}", number, quote(rest));
  out.index = *index;
  return out;
}

/// The text of "…" with the escapes \" and \\.
Result<std::string> unquoted(std::string_view text, int number) {
  if (!text.starts_with('"')) return std::string(text);
  std::string out;
  for (size_t i = 1; i < text.size(); i++) {
    if (text[i] == '"' && i + 1 == text.size()) return out;
    if (text[i] == '"') break;
    if (text[i] == '\\' && i + 1 < text.size()) i++;
    out += text[i];
  }
  return fail(Code::invalid, "Line {}: the quotes of {} do not match", number, quote(text));
}

size_t find_section(Sections& sections, const Header& header) {
  size_t seen = 0;
  for (size_t i = 0; i < sections.size(); i++)
    if (sections[i].name == header.name && seen++ == header.index) return i;
  sections.push_back({header.name, "", {}});
  return sections.size() - 1;
}

Result<> apply_entry(Section& section, std::string_view line, int number) {
  size_t equals = line.find('=');
  std::string key(trim(line.substr(0, equals)));
  if (equals == line.npos || key.empty()) return fail(Code::invalid, "Line {}: expected key = \"value\", got {}", number, quote(line));
  std::string value = TRY(unquoted(trim(line.substr(equals + 1)), number));
  if (value.empty()) section.entries.erase(key);
  else section.entries[key] = std::move(value);
  return {};
}

}  // namespace

Result<Sections> apply_override(Sections sections, const std::string& text) {
  // Sections keep their numbers until the end, so that emptied ones still count.
  std::optional<size_t> current;
  bool touched = true;
  int number = 0;
  for (const std::string& raw : split(text, '\n')) {
    number++;
    std::string_view line = trim(raw);
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with('[')) {
      if (!touched) sections[*current].entries.clear();
      current = find_section(sections, TRY(parse_header(line, number)));
      touched = false;
      continue;
    }
    if (!current) return fail(Code::invalid, "Line {}: a section must come first, got {}", number, quote(line));
    TRY(apply_entry(sections[*current], line, number));
    touched = true;
  }
  if (!touched) sections[*current].entries.clear();
  std::erase_if(sections, [](const Section& section) { return section.entries.empty(); });
  return sections;
}

std::string to_text(const Sections& sections) {
  std::string out;
  for (const Section& section : sections) {
    if (!section.comment.empty()) out += "# " + section.comment + "\n";
    out += "[" + section.name + "]\n";
    for (const auto& [key, value] : section.entries)
      if (!value.empty()) out += std::format("{} = \"{}\"\n", key, value);
    out += "\n";
  }
  return out;
}

Result<StringList> split_words(std::string_view text) {
  StringList out;
  std::string word;
  bool within = false;
  char quoted = 0;
  for (size_t i = 0; i < text.size(); i++) {
    char c = text[i];
    bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (quoted == 0 && blank) {
      if (within) out.push_back(std::exchange(word, {}));
      within = false;
      continue;
    }
    within = true;
    if (quoted != 0 && c == quoted) quoted = 0;
    else if (quoted == 0 && (c == '"' || c == '\'')) quoted = c;
    else if (c == '\\' && quoted != '\'') {
      if (++i == text.size()) return fail(Code::invalid, "A backslash at the end escapes nothing");
      // Within double quotes a backslash only escapes what would be special there.
      if (quoted == '"' && text[i] != '"' && text[i] != '\\' && text[i] != '$' && text[i] != '`') word += '\\';
      word += text[i];
    } else {
      word += c;
    }
  }
  if (quoted != 0) return fail(Code::invalid, "A quote is not closed");
  if (within) out.push_back(std::move(word));
  return out;
}

}  // namespace instance::qemu
