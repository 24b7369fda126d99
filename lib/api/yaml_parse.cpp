// YAML reading over libyaml's document loader.
#include <yaml.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <memory>

#include "api/yaml.h"
#include "api/yaml_scalar.h"
#include "base/strings.h"

namespace api {

namespace {

struct ParserDelete {
  void operator()(yaml_parser_t* parser) const {
    yaml_parser_delete(parser);
    delete parser;
  }
};
struct DocumentDelete {
  void operator()(yaml_document_t* document) const {
    yaml_document_delete(document);
    delete document;
  }
};

class Loader {
 public:
  Loader(yaml_document_t* document, size_t budget) : document_(document), budget_(budget) {}

  Result<Json> value(int index, int depth) {
    if (depth > 64) return fail(Code::invalid, "The YAML document is nested too deeply");
    if (budget_-- == 0) return fail(Code::invalid, "The YAML document is too large");
    yaml_node_t* node = yaml_document_get_node(document_, index);
    switch (node->type) {
      case YAML_SCALAR_NODE: return scalar(*node);
      case YAML_SEQUENCE_NODE: return sequence(*node, depth);
      case YAML_MAPPING_NODE: return mapping(*node, depth);
      default: return Json();
    }
  }

 private:
  static Result<Json> scalar(const yaml_node_t& node) {
    std::string text(reinterpret_cast<const char*>(node.data.scalar.value), node.data.scalar.length);
    bool plain = node.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    std::string_view tag = reinterpret_cast<const char*>(node.tag);
    if (!plain || (tag != YAML_STR_TAG && tag != "")) {
      if (tag == YAML_INT_TAG || tag == YAML_FLOAT_TAG || tag == YAML_BOOL_TAG || tag == YAML_NULL_TAG) return resolve_scalar(text);
      return Json(std::move(text));
    }
    return resolve_scalar(text);
  }

  Result<Json> sequence(const yaml_node_t& node, int depth) {
    Json list = Json::array();
    for (yaml_node_item_t* item = node.data.sequence.items.start; item < node.data.sequence.items.top; ++item) {
      list.push_back(TRY(value(*item, depth + 1)));
    }
    return list;
  }

  Result<Json> mapping(const yaml_node_t& node, int depth) {
    Json object = Json::object();
    for (yaml_node_pair_t* pair = node.data.mapping.pairs.start; pair < node.data.mapping.pairs.top; ++pair) {
      yaml_node_t* key = yaml_document_get_node(document_, pair->key);
      if (key->type != YAML_SCALAR_NODE) return fail(Code::invalid, "yaml: line {}: a mapping key must be a plain text", key->start_mark.line + 1);
      std::string name(reinterpret_cast<const char*>(key->data.scalar.value), key->data.scalar.length);
      Json item = TRY(value(pair->value, depth + 1));
      if (name == "<<" && item.is_object()) {
        for (auto& [inner, inner_value] : item.items()) {
          if (!object.contains(inner)) object[inner] = inner_value;
        }
        continue;
      }
      object[name] = std::move(item);
    }
    return object;
  }

  yaml_document_t* document_;
  size_t budget_;
};

}  // namespace

Result<Json> parse_yaml(std::string_view text, size_t max_nodes) {
  std::unique_ptr<yaml_parser_t, ParserDelete> parser(new yaml_parser_t);
  if (!yaml_parser_initialize(parser.get())) return fail(Code::internal, "Cannot start the YAML parser");
  yaml_parser_set_input_string(parser.get(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
  std::unique_ptr<yaml_document_t, DocumentDelete> document(new yaml_document_t);
  std::memset(document.get(), 0, sizeof(yaml_document_t));
  if (!yaml_parser_load(parser.get(), document.get())) {
    std::string problem = parser->problem ? parser->problem : "broken document";
    return fail(Code::invalid, "yaml: line {}: {}", parser->problem_mark.line + 1, problem);
  }
  if (!yaml_document_get_root_node(document.get())) return Json();
  return Loader(document.get(), max_nodes).value(1, 0);
}

}  // namespace api
