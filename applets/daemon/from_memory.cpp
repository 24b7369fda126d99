#include "applets/daemon/from_memory.h"

#include "applets/daemon/routes/instance_list.h"

namespace incusd {
namespace {

struct Row {
  Handler handler;      ///< of the route
  Handler from_memory;  ///< tried first
};

constexpr Row kRows[] = {
    {list_instances, list_instances_from_memory},
};

}  // namespace

Handler handler_from_memory(const Route& route) {
  for (const Row& row : kRows)
    if (row.handler == route.handler) return row.from_memory;
  return nullptr;
}

}  // namespace incusd
