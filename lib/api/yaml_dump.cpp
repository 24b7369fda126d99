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

class Emitter {
 public:
  Emitter() {
    yaml_emitter_initialize(&emitter_);
    yaml_emitter_set_output(&emitter_, append, &out_);
    yaml_emitter_set_unicode(&emitter_, 1);
    event([](yaml_event_t* e) { return yaml_stream_start_event_initialize(e, YAML_UTF8_ENCODING); });
    event([](yaml_event_t* e) { return yaml_document_start_event_initialize(e, nullptr, nullptr, nullptr, 1); });
  }
  ~Emitter() { yaml_emitter_delete(&emitter_); }
  Emitter(const Emitter&) = delete;
  Emitter& operator=(const Emitter&) = delete;

  std::string finish() {
    event([](yaml_event_t* e) { return yaml_document_end_event_initialize(e, 1); });
    event([](yaml_event_t* e) { return yaml_stream_end_event_initialize(e); });
    yaml_emitter_flush(&emitter_);
    return std::move(out_);
  }

  void value(const Json& json, std::string_view name = "") {
    switch (json.type()) {
      case Json::value_t::object: return object(json);
      case Json::value_t::array: return list(json);
      case Json::value_t::string: return text(json.get_ref<const std::string&>(), name);
      case Json::value_t::boolean: return scalar(json.get<bool>() ? "true" : "false", YAML_PLAIN_SCALAR_STYLE);
      case Json::value_t::number_integer: return scalar(std::to_string(json.get<int64_t>()), YAML_PLAIN_SCALAR_STYLE);
      case Json::value_t::number_unsigned: return scalar(std::to_string(json.get<uint64_t>()), YAML_PLAIN_SCALAR_STYLE);
      case Json::value_t::number_float: return scalar(number(json.get<double>()), YAML_PLAIN_SCALAR_STYLE);
      default: return scalar("null", YAML_PLAIN_SCALAR_STYLE);
    }
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

  static std::string number(double value) {
    if (std::isnan(value)) return ".nan";
    if (std::isinf(value)) return value > 0 ? "+.inf" : "-.inf";
    return std::format("{}", value);
  }

  void scalar(std::string_view text, yaml_scalar_style_t style) {
    event([&](yaml_event_t* e) {
      return yaml_scalar_event_initialize(e, nullptr, nullptr, reinterpret_cast<const yaml_char_t*>(text.data()), static_cast<int>(text.size()), 1, 1, style);
    });
  }

  void text(const std::string& text, std::string_view name) {
    if (name.ends_with("_at") && is_timestamp(text)) return scalar(text, YAML_PLAIN_SCALAR_STYLE);
    scalar(text, style_of(text));
  }

  static yaml_scalar_style_t style_of(const std::string& text) {
    if (text.contains('\n')) return YAML_LITERAL_SCALAR_STYLE;
    if (is_old_boolean(text) || is_base60(text) || text == "<<") return YAML_SINGLE_QUOTED_SCALAR_STYLE;
    if (!resolve_scalar(text).is_string() || is_timestamp(text)) return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    return YAML_PLAIN_SCALAR_STYLE;
  }

  void list(const Json& json) {
    auto style = json.empty() ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE;
    event([&](yaml_event_t* e) { return yaml_sequence_start_event_initialize(e, nullptr, nullptr, 1, style); });
    for (const Json& item : json) value(item);
    event([](yaml_event_t* e) { return yaml_sequence_end_event_initialize(e); });
  }

  void object(const Json& json) {
    auto style = json.empty() ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE;
    event([&](yaml_event_t* e) { return yaml_mapping_start_event_initialize(e, nullptr, nullptr, 1, style); });
    std::vector<std::pair<std::string_view, const Json*>> members;
    for (const auto& [name, item] : json.items()) members.emplace_back(name, &item);
    auto name_of = [](const auto& member) { return member.first; };
    if (std::ranges::is_sorted(members, {}, name_of)) std::ranges::sort(members, natural_less, name_of);
    for (const auto& [name, item] : members) {
      scalar(name, style_of(std::string(name)));
      value(*item, name);
    }
    event([](yaml_event_t* e) { return yaml_mapping_end_event_initialize(e); });
  }

  yaml_emitter_t emitter_;
  std::string out_;
};

}  // namespace

std::string dump_yaml(const Json& value) {
  Emitter emitter;
  emitter.value(value);
  return emitter.finish();
}

}  // namespace api
