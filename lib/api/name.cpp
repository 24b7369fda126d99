#include "api/name.h"

#include "config/api_name.h"

namespace api {

Result<> validate_name(std::string_view name, bool allow_slashes) { return config::is_api_name(name, allow_slashes); }

}  // namespace api
