// metadata.yaml and templates/ of an instance's volume: what the image said about it, editable since.
#pragma once
#include "api/types/image.h"
#include "instance/object.h"

namespace instance {

/// Reads <volume>/metadata.yaml; an absent file is empty metadata. Errors: invalid (broken YAML).
Result<api::ImageMetadata> load_metadata(const std::string& volume);
Result<> save_metadata(const std::string& volume, const api::ImageMetadata& metadata);

/// Names of the files under templates/.
Result<StringList> template_names(const std::string& volume);
/// Errors: invalid (a name with a slash), not_found.
Result<std::string> read_template(const std::string& volume, const std::string& name);
Result<> write_template(const std::string& volume, const std::string& name, std::string_view text);
Result<> remove_template(const std::string& volume, const std::string& name);

}  // namespace instance
