#include "api/types/instance_exec.h"

#include "api/codec.h"

namespace api {

API_TYPE(InstanceExecControl) {
  return fields<InstanceExecControl>(
      field<&InstanceExecControl::command>("command"),
      field<&InstanceExecControl::args>("args"),
      field<&InstanceExecControl::signal>("signal"));
}

API_TYPE(InstanceExecPost) {
  return fields<InstanceExecPost>(
      field<&InstanceExecPost::command>("command"),
      field<&InstanceExecPost::wait_for_websocket>("wait-for-websocket"),
      field<&InstanceExecPost::interactive>("interactive"),
      field<&InstanceExecPost::environment>("environment"),
      field<&InstanceExecPost::width>("width"),
      field<&InstanceExecPost::height>("height"),
      field<&InstanceExecPost::record_output>("record-output"),
      field<&InstanceExecPost::user>("user"),
      field<&InstanceExecPost::group>("group"),
      field<&InstanceExecPost::cwd>("cwd"));
}

}  // namespace api
