#include "api/types/operation.h"

#include "api/codec.h"

namespace api {

API_TYPE(Operation) {
  return fields<Operation>(
      field<&Operation::id>("id"),
      field<&Operation::class_>("class"),
      field<&Operation::description>("description"),
      field<&Operation::created_at>("created_at"),
      field<&Operation::updated_at>("updated_at"),
      field<&Operation::status>("status"),
      field<&Operation::status_code>("status_code"),
      field<&Operation::resources>("resources"),
      field<&Operation::metadata>("metadata"),
      field<&Operation::may_cancel>("may_cancel"),
      field<&Operation::err>("err"),
      field<&Operation::location>("location"));
}

}  // namespace api
