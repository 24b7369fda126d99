#include "applets/daemon/routes/instance_common.h"

namespace incusd {

Result<instance::InstancePtr> find_instance(Call& call) {
  const std::string& name = call.param("name");
  if (name.contains('/')) return fail(Code::invalid, "Invalid instance name");
  return call.daemon.instances->find(call.project, name);
}

std::string instance_path(const std::string& name) { return "/1.0/instances/" + url_escape(name); }

instance::Job job_of(Call& call) { return {.ctx = call.ctx, .requestor = call.identity.requestor, .operation = nullptr}; }

Result<Reply> start_work(Call& call, core::OperationType type, std::map<std::string, StringList> resources, InstanceWork work) {
  core::OperationSpec spec{.type = type, .project = call.project, .resources = std::move(resources), .requestor = call.identity.requestor};
  spec.run = [work = std::move(work), requestor = call.identity.requestor](const Context& ctx, core::Operation& operation) {
    return work({.ctx = ctx, .requestor = requestor, .operation = &operation});
  };
  return accepted(call, std::move(spec));
}

Result<Reply> start_work(Call& call, core::OperationType type, const std::string& name, InstanceWork work) {
  return start_work(call, type, {{"instances", {instance_path(name)}}}, std::move(work));
}

}  // namespace incusd
