// The registry of instance types: types.def is the only list.
#include "instance/manager.h"
#include "sys/proc.h"

namespace instance {

std::string_view volumes_folder(Type type) {
  switch (type) {
#define INSTANCE_TYPE(type, driver, folder) \
  case Type::type: return folder;
#include "instance/types.def"
#undef INSTANCE_TYPE
    default: return "containers";
  }
}

std::map<Type, std::unique_ptr<Driver>> make_drivers(Manager& manager) {
  std::map<Type, std::unique_ptr<Driver>> out;
#define INSTANCE_TYPE(type, driver, folder) out[Type::type] = driver::make_driver(manager);
#include "instance/types.def"
#undef INSTANCE_TYPE
  return out;
}

bool runs_unwatched(const core::Paths& paths, const std::string& project, const std::string& name) {
  auto state = read_file(paths.run + "/" + core::project_prefix(project, name) + "/state");
  if (!state) return false;
  StringList fields = split_list(trim(*state), ' ');
  if (fields.size() < 2) return false;
  return sys::is_process(static_cast<pid_t>(parse_int(fields[0]).value_or(0)), parse_uint(fields[1]).value_or(0));
}

}  // namespace instance
