#pragma once
#include "api/field.h"

namespace daemon {
template <class T>
Result<T> Call::body() const {
  return api::parse<T>(request.body);
}
}  // namespace daemon
