// The cells of `incus list`: one function a column.
#pragma once
#include <span>
#include <string>

#include "api/json.h"

namespace cli {

/// What a column needs beside the instance itself.
enum class CellNeeds { nothing, state, snapshots };

struct InstanceColumn {
  char letter;
  std::string_view name;
  std::string (*cell)(const Json& instance, bool raw);
  CellNeeds needs = CellNeeds::nothing;
};

/// All predefined columns. 'R' (remote) and 'L' (location) are among them.
std::span<const InstanceColumn> instance_columns();

}  // namespace cli
