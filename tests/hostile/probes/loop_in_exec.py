# An endless loop in code that is made at run time.
exec("while True: pass")
