SELECT share, holder, beyond, up_to, attempt FROM attempt_v1
