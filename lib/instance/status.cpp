#include "instance/instance.h"

namespace instance {

std::string_view status_name(Status status) {
  switch (status) {
    case Status::stopped: return "Stopped";
    case Status::running: return "Running";
    case Status::frozen: return "Frozen";
    case Status::error: return "Error";
    case Status::ready: return "Ready";
  }
  return "Error";
}

int status_code(Status status) {
  switch (status) {
    case Status::stopped: return 102;
    case Status::running: return 103;
    case Status::frozen: return 110;
    case Status::error: return 112;
    case Status::ready: return 113;
  }
  return 112;
}

}  // namespace instance
