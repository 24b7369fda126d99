// The status of refused configs. Several of the API's collections answer 500 there where others answer 400, and scripts look at the number.
#pragma once
#include "base/result.h"

namespace incusd {

/// A refusal as an answer of status 500; other errors, and success, stay as they are.
template <class T>
Result<T> refused_as_500(Result<T> result) {
  if (result || result.error().code() != Code::invalid) return result;
  return Failure(Error(Code::internal, result.error().message()));
}

}  // namespace incusd
