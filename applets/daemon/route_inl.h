#pragma once
#include "api/field.h"

namespace incusd {
template <class T>
Result<T> Call::body() const {
  return api::parse<T>(request.body);
}
}  // namespace incusd
