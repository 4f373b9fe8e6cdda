# Thin aliases. On Windows: py packaging\dev.py run
PYTHON ?= python3
.PHONY: run test check screenshots bench installer setup lock doctor
run test check screenshots bench installer setup lock doctor:
	@$(PYTHON) packaging/dev.py $@ $(ARGS)
