#include "image/upload.h"

#include <vector>

#include "core/locks.h"
#include "http/stream.h"
#include "imagefmt/multipart.h"

namespace image {

namespace {

/// "a=1&b=2" as pairs, in order.
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& item : split(text, '&')) {
    size_t equals = item.find('=');
    if (item.empty()) continue;
    out.emplace_back(url_unescape(item.substr(0, equals), true).value_or(""), equals == item.npos ? "" : url_unescape(item.substr(equals + 1), true).value_or(""));
  }
  return out;
}

/// A header that holds either one plain name or an encoded list of `key`=name.
StringList names_of(const std::string& header, const std::string& key) {
  StringList out;
  for (const auto& [name, value] : parse_query(header)) {
    if (name == key) out.push_back(value);
  }
  if (out.empty() && !header.empty()) out.push_back(header);
  return out;
}

void read_headers(const http::Headers& headers, Uploaded& out) {
  out.row.public_ = is_true(headers.get("X-Incus-public"));
  out.row.filename = headers.get("X-Incus-filename");
  for (const auto& [name, value] : headers.fields()) {
    if (!iequals(name, "X-Incus-properties")) continue;
    for (const auto& [key, text] : parse_query(value)) out.row.properties.insert_or_assign(key, text);
  }
  for (const std::string& name : names_of(headers.get("X-Incus-aliases"), "alias")) out.aliases.push_back({name, ""});
  out.row.profiles = names_of(headers.get("X-Incus-profiles"), "profile");
}

Result<> receive_part(imagefmt::MultipartReader& form, const archive::Sink& sink) {
  for (;;) {
    std::string_view data = TRY(form.read());
    if (data.empty()) return {};
    TRY(sink(data));
  }
}

Result<> receive_form(const std::string& boundary, archive::Source body, Uploaded& out) {
  imagefmt::MultipartReader form(std::move(body), boundary);
  auto part = TRY(form.next());
  if (!part || part->name != "metadata") return fail(Code::invalid, "Invalid multipart image");
  TRY(receive_part(form, out.build->sink()));
  part = TRY(form.next());
  if (part && part->name == "rootfs") out.row.type = db::InstanceType::container;
  else if (part && part->name == "rootfs.img") out.row.type = db::InstanceType::vm;
  else return fail(Code::invalid, "Invalid multipart image");
  out.row.filename = part->filename;
  TRY(out.build->open_rootfs());
  return receive_part(form, out.build->rootfs_sink());
}

}  // namespace

Result<Uploaded> receive(const Context& ctx, Store& store, const http::Headers& headers, std::string head, http::Stream& body, const std::string& project) {
  Uploaded out{TRY(Build::create(store, project)), {}, {}};
  out.row.project = project;
  read_headers(headers, out);
  if (auto boundary = imagefmt::multipart_boundary(headers.get("Content-Type"))) {
    archive::Source rest = [&](std::span<char> buffer) { return body.read(ctx, buffer); };
    TRY(receive_form(*boundary, archive::prepend(std::move(head), std::move(rest)), out));
  } else {
    TRY(out.build->write(head));
    TRY(out.build->receive(ctx, body));
  }
  std::string expected = headers.get("X-Incus-fingerprint");
  if (!expected.empty() && expected != out.build->fingerprint()) {
    return fail(Code::invalid, "fingerprints don't match, got {} expected {}", out.build->fingerprint(), expected);
  }
  return out;
}

Result<db::images::Row> finish(const Job& job, Store& store, Uploaded uploaded) {
  db::images::Row& row = uploaded.row;
  TRY(uploaded.build->describe(job.ctx, row));
  if (row.profiles.empty()) row.profiles = {"default"};
  auto held = TRY(core::acquire_lock(job.ctx, "image/" + row.fingerprint));
  bool exists = store.services().global.read([&](db::Tx& tx) { return db::images::load(tx, row.project, row.fingerprint); }).has_value();
  if (exists) return fail(Code::conflict, "Image with same fingerprint already exists");
  TRY(uploaded.build->install());
  TRY(store.add(job, row, uploaded.aliases));
  return row;
}

}  // namespace image
