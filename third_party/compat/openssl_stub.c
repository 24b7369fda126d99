/* Parts of OpenSSL that nothing here uses, a twentieth of the binary: their entry points are defined here, so the linker leaves the archives'
 * members out. A new OpenSSL that has more of them makes the link fail with their names (or with a double definition). */
#define ABSENT(name) \
  void *name(void) { return 0; }

/* AES-GCM and XTS for AVX-512: three quarters of a megabyte. OpenSSL asks the first function whether it may use the others; the AES-NI code is used instead. */
int ossl_vaes_vpclmulqdq_capable(void) { return 0; }
int aesni_xts_avx512_eligible(void) { return 0; }
ABSENT(ossl_aes_gcm_decrypt_avx512) ABSENT(ossl_aes_gcm_encrypt_avx512) ABSENT(ossl_aes_gcm_finalize_avx512) ABSENT(ossl_aes_gcm_init_avx512)
ABSENT(ossl_aes_gcm_setiv_avx512) ABSENT(ossl_aes_gcm_update_aad_avx512) ABSENT(ossl_gcm_gmult_avx512) ABSENT(aesni_xts_128_decrypt_avx512)
ABSENT(aesni_xts_128_encrypt_avx512) ABSENT(aesni_xts_256_decrypt_avx512) ABSENT(aesni_xts_256_encrypt_avx512)

/* QUIC. libssl compares a connection's method with these three, to learn whether it is one of QUIC's: they must differ from every real one. */
static const char quic_method;
#define METHOD(name) \
  const void *name(void) { return &quic_method; }
METHOD(OSSL_QUIC_client_method) METHOD(OSSL_QUIC_client_thread_method) METHOD(OSSL_QUIC_server_method)

/* Called for QUIC's objects only, or with null, which there is nothing to free of. */
ABSENT(ossl_quic_accept_connection) ABSENT(ossl_quic_accept_stream) ABSENT(ossl_quic_clear_options) ABSENT(ossl_quic_conn_get_blocking_mode)
ABSENT(ossl_quic_conn_get_net_rbio) ABSENT(ossl_quic_conn_get_net_wbio) ABSENT(ossl_quic_conn_poll_events) ABSENT(ossl_quic_conn_set0_net_rbio)
ABSENT(ossl_quic_conn_set0_net_wbio) ABSENT(ossl_quic_conn_set_blocking_mode) ABSENT(ossl_quic_conn_set_initial_peer_addr)
ABSENT(ossl_quic_conn_shutdown) ABSENT(ossl_quic_conn_stream_conclude) ABSENT(ossl_quic_conn_stream_new) ABSENT(ossl_quic_do_handshake)
ABSENT(ossl_quic_enter_blocking_section) ABSENT(ossl_quic_free_token_store) ABSENT(ossl_quic_get0_connection) ABSENT(ossl_quic_get0_domain)
ABSENT(ossl_quic_get0_listener) ABSENT(ossl_quic_get_accept_connection_queue_len) ABSENT(ossl_quic_get_accept_stream_queue_len)
ABSENT(ossl_quic_get_conn_close_info) ABSENT(ossl_quic_get_domain_flags) ABSENT(ossl_quic_get_error) ABSENT(ossl_quic_get_event_timeout)
ABSENT(ossl_quic_get_key_update_type) ABSENT(ossl_quic_get_net_read_desired) ABSENT(ossl_quic_get_net_write_desired)
ABSENT(ossl_quic_get_notifier_fd) ABSENT(ossl_quic_get_options) ABSENT(ossl_quic_get_rpoll_descriptor) ABSENT(ossl_quic_get_shutdown)
ABSENT(ossl_quic_get_stream_id) ABSENT(ossl_quic_get_stream_read_error_code) ABSENT(ossl_quic_get_stream_read_state)
ABSENT(ossl_quic_get_stream_type) ABSENT(ossl_quic_get_stream_write_error_code) ABSENT(ossl_quic_get_stream_write_state)
ABSENT(ossl_quic_get_value_uint) ABSENT(ossl_quic_get_wpoll_descriptor) ABSENT(ossl_quic_handle_events) ABSENT(ossl_quic_has_pending)
ABSENT(ossl_quic_is_stream_local) ABSENT(ossl_quic_key_update) ABSENT(ossl_quic_leave_blocking_section) ABSENT(ossl_quic_listen)
ABSENT(ossl_quic_new_domain) ABSENT(ossl_quic_new_from_listener) ABSENT(ossl_quic_new_listener) ABSENT(ossl_quic_new_listener_from)
ABSENT(ossl_quic_new_token_store) ABSENT(ossl_quic_obj_get0_handshake_layer) ABSENT(ossl_quic_reactor_wait_ctx_cleanup)
ABSENT(ossl_quic_reactor_wait_ctx_init) ABSENT(ossl_quic_set_accept_state) ABSENT(ossl_quic_set_connect_state)
ABSENT(ossl_quic_set_default_stream_mode) ABSENT(ossl_quic_set_incoming_stream_policy) ABSENT(ossl_quic_set_options)
ABSENT(ossl_quic_set_value_uint) ABSENT(ossl_quic_stream_reset) ABSENT(ossl_quic_tls_clear) ABSENT(ossl_quic_tls_free) ABSENT(ossl_quic_want)
ABSENT(ossl_quic_write_flags)
