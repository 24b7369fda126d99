// YAML writing over libyaml's emitter.
#include <yaml.h>

#include <algorithm>
#include <cmath>
#include <format>
#include <vector>

#include "api/yaml.h"
#include "api/yaml_scalar.h"

namespace api {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80); }

/// Numbers inside names compare by value; letters come after other characters, except right after a digit.
bool natural_less(std::string_view a, std::string_view b) {
  bool digits = false;
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (a[i] == b[i]) {
      digits = is_digit(a[i]);
      continue;
    }
    bool al = is_letter(a[i]);
    bool bl = is_letter(b[i]);
    if (al && bl) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[i]);
    if (al || bl) return digits ? al : bl;
    int64_t an = 0, bn = 0;
    if (a[i] == '0' || b[i] == '0') {
      for (size_t j = i; j > 0 && is_digit(a[j - 1]); --j) {
        if (a[j - 1] != '0') {
          an = bn = 1;
          break;
        }
      }
    }
    size_t ai = i, bi = i;
    for (; ai < a.size() && is_digit(a[ai]); ++ai) an = an * 10 + (a[ai] - '0');
    for (; bi < b.size() && is_digit(b[bi]); ++bi) bn = bn * 10 + (b[bi] - '0');
    if (an != bn) return an < bn;
    if (ai != bi) return ai < bi;
    return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[i]);
  }
  return a.size() < b.size();
}

using Style = yaml_scalar_style_t;

/// libyaml decides whether a style can hold a text, and how it is escaped and folded. One small document at a time: block sequences
/// inside mappings are indented in the style users know, which libyaml cannot do, so the nesting is ours.
class Emitter {
 public:
  explicit Emitter(int width) {
    yaml_emitter_initialize(&emitter_);
    yaml_emitter_set_output(&emitter_, append, &out_);
    yaml_emitter_set_unicode(&emitter_, 1);
    yaml_emitter_set_width(&emitter_, width);
    event([](yaml_event_t* e) { return yaml_stream_start_event_initialize(e, YAML_UTF8_ENCODING); });
    event([](yaml_event_t* e) { return yaml_document_start_event_initialize(e, nullptr, nullptr, nullptr, 1); });
  }
  ~Emitter() { yaml_emitter_delete(&emitter_); }
  Emitter(const Emitter&) = delete;
  Emitter& operator=(const Emitter&) = delete;

  void open_mapping() {
    event([](yaml_event_t* e) { return yaml_mapping_start_event_initialize(e, nullptr, nullptr, 1, YAML_BLOCK_MAPPING_STYLE); });
  }
  void close_mapping() {
    event([](yaml_event_t* e) { return yaml_mapping_end_event_initialize(e); });
  }
  void open_list() {
    event([](yaml_event_t* e) { return yaml_sequence_start_event_initialize(e, nullptr, nullptr, 1, YAML_BLOCK_SEQUENCE_STYLE); });
  }
  void close_list() {
    event([](yaml_event_t* e) { return yaml_sequence_end_event_initialize(e); });
  }
  void scalar(std::string_view text, Style style) {
    event([&](yaml_event_t* e) {
      return yaml_scalar_event_initialize(e, nullptr, nullptr, reinterpret_cast<const yaml_char_t*>(text.data()), static_cast<int>(text.size()), 1, 1, style);
    });
  }
  std::string finish() {
    event([](yaml_event_t* e) { return yaml_document_end_event_initialize(e, 1); });
    event([](yaml_event_t* e) { return yaml_stream_end_event_initialize(e); });
    yaml_emitter_flush(&emitter_);
    if (out_.ends_with("\n...\n")) out_.resize(out_.size() - 4);
    return std::move(out_);
  }

 private:
  static int append(void* out, unsigned char* data, size_t size) {
    static_cast<std::string*>(out)->append(reinterpret_cast<char*>(data), size);
    return 1;
  }
  template <class Make>
  void event(Make make) {
    yaml_event_t e;
    if (make(&e)) yaml_emitter_emit(&emitter_, &e);
  }

  yaml_emitter_t emitter_;
  std::string out_;
};

std::string number(double value) {
  if (std::isnan(value)) return ".nan";
  if (std::isinf(value)) return value > 0 ? "+.inf" : "-.inf";
  return std::format("{}", value);
}

Style style_of(std::string_view text, std::string_view name) {
  if (name.ends_with("_at") && is_timestamp(text)) return YAML_PLAIN_SCALAR_STYLE;
  if (text.contains('\n')) return text.starts_with('\n') ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_LITERAL_SCALAR_STYLE;
  if (is_old_boolean(text) || is_base60(text) || text == "<<") return YAML_SINGLE_QUOTED_SCALAR_STYLE;
  if (!resolve_scalar(text).is_string() || is_timestamp(text)) return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
  return YAML_PLAIN_SCALAR_STYLE;
}

/// Words that need no thought: they start with a letter or '/' and hold nothing special.
bool is_plain_word(std::string_view text) {
  if (text.empty() || text.size() > 60 || !(is_letter(text[0]) || text[0] == '/') || text[0] & 0x80) return false;
  for (char c : text) {
    if (!is_digit(c) && (c & 0x80 || !is_letter(c)) && !std::string_view("._-/%").contains(c)) return false;
  }
  return !is_old_boolean(text) && resolve_scalar(text).is_string();
}

/// A scalar as text and style; false for lists and objects that are not empty.
bool as_scalar(const Json& json, std::string_view name, std::string& text, Style& style) {
  style = YAML_PLAIN_SCALAR_STYLE;
  switch (json.type()) {
    case Json::value_t::object: return text = "{}", json.empty();
    case Json::value_t::array: return text = "[]", json.empty();
    case Json::value_t::string: return text = json.get_ref<const std::string&>(), style = style_of(text, name), true;
    case Json::value_t::boolean: return text = json.get<bool>() ? "true" : "false", true;
    case Json::value_t::number_integer: return text = std::to_string(json.get<int64_t>()), true;
    case Json::value_t::number_unsigned: return text = std::to_string(json.get<uint64_t>()), true;
    case Json::value_t::number_float: return text = number(json.get<double>()), true;
    default: return text = "null", true;
  }
}

class Writer {
 public:
  std::string text;

  /// Lines of `json`, which is not a scalar, indented by `depth` columns; the first line's indentation is left out where `continued`.
  void nested(const Json& json, size_t depth, bool continued) {
    if (json.is_object()) mapping(json, depth, continued);
    else list(json, depth, continued);
  }

  void top(const Json& json) {
    std::string scalar;
    Style style;
    if (!as_scalar(json, "", scalar, style)) return nested(json, 0, true);
    if (!json.is_string()) {
      text = scalar + "\n";
      return;
    }
    Emitter emitter(kWidth);
    emitter.scalar(scalar, style);
    text = emitter.finish();
  }

 private:
  static constexpr int kWidth = 80;

  /// Appends the lines of a small document below the current depth.
  void append(std::string_view lines, size_t depth, bool continued) {
    bool first = true;
    while (!lines.empty()) {
      size_t end = lines.find('\n');
      std::string_view line = lines.substr(0, end);
      if (!line.empty() && !(first && continued)) text.append(depth, ' ');
      first = false;
      text.append(line).push_back('\n');
      lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    }
  }

  std::string key_text(std::string_view name) {
    if (is_plain_word(name)) return std::string(name);
    Emitter emitter(-1);
    emitter.open_mapping();
    emitter.scalar(name, style_of(name, ""));
    emitter.scalar("x", YAML_PLAIN_SCALAR_STYLE);
    emitter.close_mapping();
    std::string line = emitter.finish();
    return line.substr(0, line.rfind(": x"));
  }

  void mapping(const Json& json, size_t depth, bool continued) {
    std::vector<std::pair<std::string_view, const Json*>> members;
    for (const auto& [name, item] : json.items()) members.emplace_back(name, &item);
    auto name_of = [](const auto& member) { return member.first; };
    if (std::ranges::is_sorted(members, {}, name_of)) std::ranges::sort(members, natural_less, name_of);
    for (const auto& [name, item] : members) {
      member(name, *item, depth, continued);
      continued = false;
    }
  }

  void member(std::string_view name, const Json& item, size_t depth, bool continued) {
    std::string scalar;
    Style style;
    bool simple = as_scalar(item, name, scalar, style);
    bool literal_text = simple && (!item.is_string() || is_plain_word(scalar));
    if (!simple || literal_text) {
      if (!continued) text.append(depth, ' ');
      text += key_text(name) + (simple ? ": " + scalar : ":") + "\n";
      if (!simple) nested(item, depth + 2, false);
      return;
    }
    Emitter emitter(kWidth - static_cast<int>(depth));
    emitter.open_mapping();
    emitter.scalar(name, style_of(name, ""));
    emitter.scalar(scalar, style);
    emitter.close_mapping();
    append(emitter.finish(), depth, continued);
  }

  void list(const Json& json, size_t depth, bool continued) {
    for (const Json& item : json) {
      std::string scalar;
      Style style;
      bool simple = as_scalar(item, "", scalar, style);
      if (!simple || !item.is_string() || is_plain_word(scalar)) {
        if (!continued) text.append(depth, ' ');
        text += "- " + (simple ? scalar + "\n" : "");
        if (!simple) nested(item, depth + 2, true);
      } else {
        Emitter emitter(kWidth - static_cast<int>(depth));
        emitter.open_list();
        emitter.scalar(scalar, style);
        emitter.close_list();
        append(emitter.finish(), depth, continued);
      }
      continued = false;
    }
  }
};

}  // namespace

std::string dump_yaml(const Json& value) {
  Writer writer;
  writer.top(value);
  return std::move(writer.text);
}

}  // namespace api
