#include "api/types/access.h"

#include "api/codec.h"

namespace api {

API_TYPE(AccessEntry) {
  return fields<AccessEntry>(
      field<&AccessEntry::identifier>("identifier"),
      field<&AccessEntry::role>("role"),
      field<&AccessEntry::provider>("provider"));
}

}  // namespace api
