// What commands started in instances get from us: environment and recorded output.
#pragma once
#include "instance/manager.h"

namespace instance {

/// environment.* of the instance, overridden by `asked`, completed with PATH, HOME, USER and LANG where they are missing.
StringMap exec_environment(const Instance& instance, StringMap asked, int64_t uid);

/// Files for recorded output: <volume>/exec-output/exec_<id>.stdout and .stderr. The instance runs.
struct ExecRecord {
  UniqueFd out, err;
  std::string out_name, err_name;
};
Result<ExecRecord> record_output(const Instance& instance, const std::string& id);

}  // namespace instance
