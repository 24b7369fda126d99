// Sessions over websockets: exec, console.
#pragma once
#include "core/session.h"

namespace incusd {

using core::Session;

}  // namespace incusd
