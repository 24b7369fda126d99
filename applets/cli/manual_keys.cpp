// The manual page of config keys.
#include <algorithm>

#include "applets/cli/key_tables.h"
#include "applets/cli/manual.h"
#include "applets/cli/version.h"

namespace cli {

namespace {

constexpr std::string_view kTypes[] = {"text", "boolean", "integer", "size", "bit rate", "list", "duration"};

std::vector<const config::Key*> sorted(config::Keys keys) {
  std::vector<const config::Key*> list;
  for (const config::Key& key : keys) list.push_back(&key);
  std::ranges::sort(list, {}, &config::Key::name);
  return list;
}

/// "boolean, default true, changes at once, containers only"
std::string facts_of(const config::Key& key) {
  std::string facts(kTypes[static_cast<size_t>(key.type)]);
  auto add = [&](std::string_view text, std::string_view value) {
    if (!value.empty()) facts += std::format(", {}{}", text, value);
  };
  add("default ", key.def);
  add("in ", key.unit);
  if (key.live == "yes") facts += ", changes at once";
  if (key.live == "no") facts += ", changes at the next start";
  add("only for: ", key.condition);
  add("scope ", key.scope);
  if (key.required == "yes") facts += ", required";
  return facts;
}

std::string roff_text(std::string_view text) {
  std::string escaped = replace_all(replace_all(std::string(text), "\\", "\\e"), "-", "\\-");
  return escaped.starts_with('.') || escaped.starts_with('\'') ? "\\&" + escaped : escaped;
}

}  // namespace

std::string key_manual_man() {
  std::string out = std::format(".TH \"INCUS\\-CONFIG\\-KEYS\" \"5\" \"\" \"incusbox {}\" \"Incus client\"\n", kVersion);
  out += ".SH NAME\nincus\\-config\\-keys \\- configuration keys of the server and of what it manages\n";
  out += ".SH DESCRIPTION\nA * or a name in angle brackets stands for any text.\n";
  for (const KeyChapter& chapter : key_chapters()) {
    if (chapter.keys.empty()) continue;
    out += std::format(".SH {}\n", roff_text(to_upper(chapter.title)));
    for (const config::Key* key : sorted(chapter.keys)) {
      out += std::format(".TP\n\\fB{}\\fP\n{}.\n.br\n{}\n", roff_text(key->name), roff_text(key->summary), roff_text(facts_of(*key)));
    }
  }
  return out;
}

std::string key_manual_markdown() {
  std::string out = "## Configuration keys\n\nA `*` or a name in angle brackets stands for any text.\n";
  for (const KeyChapter& chapter : key_chapters()) {
    if (chapter.keys.empty()) continue;
    out += std::format("\n### {}\n\n| key | meaning | |\n|---|---|---|\n", chapter.title);
    for (const config::Key* key : sorted(chapter.keys)) {
      out += std::format("| `{}` | {} | {} |\n", key->name, replace_all(std::string(key->summary), "|", "\\|"), replace_all(facts_of(*key), "|", "\\|"));
    }
  }
  return out;
}

}  // namespace cli
