// /1.0/instances/{name}/logs: log files and recorded output of commands.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "applets/daemon/routes/instance_common.h"
#include "instance/volume.h"
#include "sys/beneath.h"

namespace incusd {
namespace {

using http::Method;
using NameCheck = bool (*)(const std::string&);

bool is_log(const std::string& name) {
  if (name.contains('/')) return false;
  return contains({"lxc.log", "qemu.log", "qemu.early.log", "qemu.qmp.log"}, name) || name.starts_with("migration_") || name.starts_with("snapshot_");
}
bool is_record(const std::string& name) {
  return !name.contains('/') && name.starts_with("exec_") && (name.ends_with(".stdout") || name.ends_with(".stderr"));
}

Result<UniqueFd> open_folder(const std::string& path) {
  auto folder = sys::open_directory(path);
  if (!folder) return fail(Code::not_found, "Not Found");
  return folder;
}

StringList names_in(UniqueFd folder, NameCheck check) {
  StringList out;
  DIR* dir = fdopendir(folder.release());
  if (!dir) return out;
  while (dirent* entry = readdir(dir))
    if (check(entry->d_name)) out.push_back(entry->d_name);
  closedir(dir);
  std::ranges::sort(out);
  return out;
}

Result<Reply> send_file(UniqueFd folder, const std::string& name) {
  auto file = sys::open_beneath(folder.get(), name, O_RDONLY | O_NONBLOCK);
  if (!file) return fail(Code::not_found, "Not Found");
  struct stat info;
  if (fstat(file->get(), &info) != 0 || !S_ISREG(info.st_mode)) return fail(Code::not_found, "Not Found");
  http::Response response;
  response.headers.set("Content-Type", "application/octet-stream");
  response.headers.set("Content-Disposition", "inline;filename=" + quote(name));
  response.file = std::move(*file);
  response.file_size = static_cast<uint64_t>(info.st_size);
  return raw(std::move(response));
}

Result<Reply> list_logs(Call& call) {
  auto instance = TRY(find_instance(call));
  StringList urls;
  auto folder = open_folder(instance->log_path());
  if (folder)
    for (const std::string& name : names_in(std::move(*folder), is_log)) urls.push_back(instance_path(instance->name()) + "/logs/" + name);
  return ok(api::dump(urls));
}

Result<Reply> get_log(Call& call) {
  auto instance = TRY(find_instance(call));
  const std::string& name = call.param("filename");
  if (!is_log(name)) return fail(Code::invalid, "Log file name {} not valid", quote(name));
  auto reply = TRY(send_file(TRY(open_folder(instance->log_path())), name));
  instance::lifecycle(*instance, job_of(call), "instance-log-retrieved", {{"file", name}});
  return reply;
}

Result<Reply> delete_log(Call& call) {
  auto instance = TRY(find_instance(call));
  const std::string& name = call.param("filename");
  if (!is_log(name)) return fail(Code::invalid, "Log file name {} not valid", quote(name));
  if (!name.ends_with(".log") || name == "lxc.log" || name == "qemu.log") return fail(Code::invalid, "Only log files excluding qemu.log and lxc.log may be deleted");
  UniqueFd folder = TRY(open_folder(instance->log_path()));
  if (unlinkat(folder.get(), name.c_str(), 0) != 0) return errno == ENOENT ? fail(Code::not_found, "Not Found") : fail_errno("Failed deleting " + name);
  instance::lifecycle(*instance, job_of(call), "instance-log-deleted", {{"file", name}});
  return ok();
}

/// The folder of recorded output, in the volume; the handle keeps that mounted.
struct Records {
  storage::Mounted mounted;
  UniqueFd folder;
};
Result<Records> open_records(Call& call, const instance::InstancePtr& instance) {
  Records out{.mounted = TRY(instance::mount_volume(call.ctx, instance)), .folder = {}};
  out.folder = TRY(open_folder(out.mounted.path + "/exec-output"));
  return out;
}

Result<Reply> list_records(Call& call) {
  auto instance = TRY(find_instance(call));
  StringList urls;
  auto records = open_records(call, instance);
  if (records)
    for (const std::string& name : names_in(std::move(records->folder), is_record)) urls.push_back(instance_path(instance->name()) + "/logs/exec-output/" + name);
  return ok(api::dump(urls));
}

Result<Reply> get_record(Call& call) {
  auto instance = TRY(find_instance(call));
  const std::string& name = call.param("filename");
  if (!is_record(name)) return fail(Code::invalid, "Exec record-output file name {} not valid", quote(name));
  Records records = TRY(open_records(call, instance));
  auto reply = TRY(send_file(std::move(records.folder), name));
  instance::lifecycle(*instance, job_of(call), "instance-log-retrieved", {{"file", name}});
  return reply;
}

Result<Reply> delete_record(Call& call) {
  auto instance = TRY(find_instance(call));
  const std::string& name = call.param("filename");
  if (!is_record(name)) return fail(Code::invalid, "Exec record-output file name {} not valid", quote(name));
  Records records = TRY(open_records(call, instance));
  if (unlinkat(records.folder.get(), name.c_str(), 0) != 0) return errno == ENOENT ? fail(Code::not_found, "Not Found") : fail_errno("Failed deleting " + name);
  instance::lifecycle(*instance, job_of(call), "instance-log-deleted", {{"file", name}});
  return ok();
}

constexpr Access kExec = allow("instance", "can_exec", "name");
constexpr Route kRoutes[] = {
    {Method::get, "/1.0/instances/{name}/logs", kViewInstance, kProject, list_logs, "Lists the log files of an instance"},
    {Method::get, "/1.0/instances/{name}/logs/exec-output", kExec, kProject, list_records, "Lists recorded output of commands"},
    {Method::get, "/1.0/instances/{name}/logs/exec-output/{filename}", kExec, kProject, get_record, "Reads recorded output of a command"},
    {Method::delete_, "/1.0/instances/{name}/logs/exec-output/{filename}", kExec, kProject, delete_record, "Deletes recorded output of a command"},
    {Method::get, "/1.0/instances/{name}/logs/{filename}", kViewInstance, kProject, get_log, "Reads a log file"},
    {Method::delete_, "/1.0/instances/{name}/logs/{filename}", kEditInstance, kProject, delete_log, "Deletes a log file"},
};

}  // namespace

extern const Routes instance_log_routes = kRoutes;

}  // namespace incusd
