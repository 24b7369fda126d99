#include "api/types/error.h"

#include "api/codec.h"

namespace api {

API_TYPE(StatusError) {
  return fields<StatusError>(
      field<&StatusError::status>("status"),
      field<&StatusError::msg>("msg"));
}

}  // namespace api
