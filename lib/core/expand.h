// What an instance really has: its profiles in order, its own values on top.
#pragma once
#include <vector>

#include "api/field.h"
#include "db/profiles.h"

namespace core {

struct Expanded {
  StringMap config;
  api::DevicesMap devices;
};

/// A device replaces one of the same name as a whole. "none" devices stay visible so that users see what masks what.
Expanded expand(const std::vector<const db::profiles::Row*>& profiles, const StringMap& config, const api::DevicesMap& devices);

}  // namespace core
