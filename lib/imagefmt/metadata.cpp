#include "imagefmt/metadata.h"

#include "api/architecture.h"
#include "api/yaml.h"

namespace imagefmt {

namespace {

/// YAML knows numbers and booleans; properties and template owners are text whatever they look like.
void as_text(Json& value) {
  if (value.is_string()) return;
  if (value.is_null()) value = "";
  else if (!value.is_structured()) value = value.dump();
}

void texts(Json& object, const char* key) {
  auto found = object.find(key);
  if (found == object.end() || !found->is_object()) return;
  for (auto& [name, value] : found->items()) as_text(value);
}

void normalise(Json& document) {
  texts(document, "properties");
  auto templates = document.find("templates");
  if (templates == document.end() || !templates->is_object()) return;
  for (auto& [path, item] : templates->items()) {
    if (!item.is_object()) continue;
    texts(item, "properties");
    for (const char* key : {"uid", "gid", "mode", "template"}) {
      if (item.contains(key)) as_text(item[key]);
    }
  }
}

}  // namespace

Result<api::ImageMetadata> parse_metadata(std::string_view yaml) {
  Json document = TRY_CTX(api::parse_yaml(yaml), "Could not parse metadata.yaml");
  if (!document.is_object()) return fail(Code::invalid, "metadata.yaml is not a map of keys and values");
  normalise(document);
  auto metadata = TRY_CTX(api::from_json<api::ImageMetadata>(document), "Could not parse metadata.yaml");
  TRY(api::architecture_id(metadata.architecture));
  if (metadata.creation_date == 0) return fail(Code::invalid, "Missing creation date");
  return metadata;
}

std::string dump_metadata(const api::ImageMetadata& metadata) { return api::dump_yaml(api::to_json(metadata)); }

}  // namespace imagefmt
