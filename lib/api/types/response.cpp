#include "api/types/response.h"

#include "api/codec.h"

namespace api {

API_TYPE(ResponseRaw) {
  return fields<ResponseRaw>(
      field<&ResponseRaw::type>("type"),
      field<&ResponseRaw::status>("status"),
      field<&ResponseRaw::status_code>("status_code"),
      field<&ResponseRaw::operation>("operation"),
      field<&ResponseRaw::error_code>("error_code"),
      field<&ResponseRaw::error>("error"),
      field<&ResponseRaw::metadata>("metadata"));
}

API_TYPE(Response) {
  return fields<Response>(
      field<&Response::type>("type"),
      field<&Response::status>("status"),
      field<&Response::status_code>("status_code"),
      field<&Response::operation>("operation"),
      field<&Response::error_code>("error_code"),
      field<&Response::error>("error"),
      field<&Response::metadata>("metadata"));
}

}  // namespace api
