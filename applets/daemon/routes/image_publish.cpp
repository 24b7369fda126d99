// Images made from instances and their snapshots.
#include "applets/daemon/routes/image_common.h"
#include "api/architecture.h"
#include "core/locks.h"
#include "image/publish.h"
#include "instance/manager.h"
#include "instance/metadata.h"
#include "instance/volume.h"
#include "storage/layout.h"

namespace incusd {
namespace {

Result<> check_source(const api::ImagesPostSource& source) {
  bool snapshot = source.name.find('/') != std::string::npos;
  if (source.name.empty()) return fail(Code::invalid, "No source provided");
  if (source.type == "snapshot" && !snapshot) return fail(Code::invalid, "Not a snapshot");
  if (source.type != "snapshot" && snapshot) return fail(Code::invalid, "This is a snapshot");
  return {};
}

/// The request's compressor, else the project's, else the server's.
Result<archive::CompressionChoice> compression_of(Daemon& daemon, const std::string& project, const std::string& wanted) {
  std::string text = wanted;
  if (text.empty()) {
    auto info = TRY(daemon.projects->get(project));
    text = get_or(info.config, "images.compression_algorithm", get_or(*daemon.config.get(), "images.compression_algorithm", "gzip"));
  }
  return archive::parse_compression(text);
}

struct Wanted {
  std::string project;           ///< of the instance
  std::string image_project;
  api::ImagesPost request;
  archive::CompressionChoice compression;
};

Result<> publish(const image::Job& job, Daemon& daemon, const Wanted& wanted) {
  // One at a time: several at once only slow each other down.
  auto turn = TRY(core::acquire_lock(job.ctx, "publish"));
  const std::string& name = wanted.request.source->name;
  size_t slash = name.find('/');
  auto instance = TRY(daemon.instances->find(wanted.project, name.substr(0, slash)));
  if (slash == std::string::npos && instance->running()) return fail(Code::invalid, "Cannot export a running instance as an image");
  auto view = instance->view();
  auto pool = TRY(instance::pool_of(instance->services(), *view));
  if (slash != std::string::npos && !view->snapshot(name.substr(slash + 1))) {
    return fail(Code::not_found, "Failed to fetch snapshot {} of instance {} in project {}: Instance snapshot not found", quote(name.substr(slash + 1)),
                quote(name.substr(0, slash)), quote(wanted.project));
  }
  auto volume = slash == std::string::npos ? instance::volume_of(*view) : instance::snapshot_volume_of(*view, name.substr(slash + 1));
  auto mounted = TRY(pool->mount(job.ctx, volume));

  image::PublishSpec spec;
  spec.project = wanted.image_project;
  spec.folder = mounted.path;
  spec.metadata = TRY(instance::load_metadata(mounted.path));
  spec.metadata.architecture = std::string(api::architecture_name(view->row.architecture));
  spec.metadata.creation_date = Timestamp::now().seconds;
  for (const auto& [key, value] : wanted.request.properties) spec.metadata.properties[key] = value;
  if (!wanted.request.expires_at.is_zero()) spec.metadata.expiry_date = wanted.request.expires_at.seconds;
  spec.compression = wanted.compression;
  spec.split = wanted.request.format == "split";
  if (view->row.type == db::InstanceType::vm) spec.disk = mounted.path + "/" + storage::disk_name(storage::ContentType::block);
  auto build = TRY(image::pack(job, *daemon.images, spec));
  (void)job.operation->update_metadata({{"fingerprint", build->fingerprint()}, {"size", std::to_string(build->size())}});

  db::images::Row row;
  row.project = wanted.image_project;
  row.filename = wanted.request.filename;
  row.public_ = wanted.request.public_;
  row.profiles = wanted.request.profiles.empty() ? StringList{"default"} : wanted.request.profiles;
  row.type = view->row.type;
  row.expires_at = wanted.request.expires_at;
  auto held = TRY(core::acquire_lock(job.ctx, "image/" + build->fingerprint()));
  if (daemon.images->find(row.project, build->fingerprint())) return fail(Code::conflict, "The image already exists: {}", build->fingerprint());
  TRY(build->describe(job.ctx, row));
  TRY(build->install());
  return daemon.images->add(job, row, wanted.request.aliases);
}

}  // namespace

Result<Reply> publish_instance(Call& call, const std::string& image_project, const api::ImagesPost& request) {
  TRY(check_source(*request.source));
  if (!request.format.empty() && request.format != "unified" && request.format != "split") return fail(Code::invalid, "Invalid image format");
  auto compression = TRY(compression_of(call.daemon, call.project, request.compression_algorithm));
  core::OperationSpec spec;
  spec.type = core::OperationType::image_download;
  spec.project = call.project;
  spec.run = [&daemon = call.daemon, wanted = Wanted{call.project, image_project, request, compression}](const Context& ctx, core::Operation& operation) {
    return publish(image_job(ctx, operation), daemon, wanted);
  };
  return accepted(call, std::move(spec));
}

}  // namespace incusd
