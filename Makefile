# The two commands: `make site` and `make test`. `make` alone lists the others.
SHELL := /bin/bash
BIN := .venv/bin
# Which Python to build .venv with; empty: the newest supported one that is here (scripts/find-python).
export PYTHON ?=
# Ansible and Molecule find the collection and its settings from wherever they are started.
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
# What Ansible and Molecule keep goes here, not to the home directory.
export ANSIBLE_HOME := $(CURDIR)/.ansible
export PATH := $(CURDIR)/.venv/bin:$(PATH)
PLAYBOOK := ansible-playbook

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' Makefile

.PHONY: setup setup-test setup-docs host
setup: ## Build .venv and link the checkout as a collection
	@scripts/setup requirements.txt
setup-test:
	@scripts/setup requirements-test.txt
setup-docs:
	@scripts/setup requirements-docs.txt
host:
	@scripts/preflight-host
	@scripts/debian-packages --bindep

.PHONY: site
# What changes or fails is shown in full, and where the run is, with the time since it began; no tasks that are ok.
site: export ANSIBLE_DISPLAY_OK_HOSTS := false
site: export ANSIBLE_CALLBACKS_ENABLED := infn.datacloud.layers
site: export DATACLOUD_STARTED := $(shell date +%s)
site: lab ## Bring up the lab federation on this machine (again: change nothing)
	@$(PLAYBOOK) playbooks/site.yml

.PHONY: lab lab-destroy
lab: host setup ## Create and prepare the lab nodes only
	@$(PLAYBOOK) molecule/shared/create.yml
	@$(PLAYBOOK) molecule/shared/prepare.yml
lab-destroy: ## Remove the lab's nodes; keep its images and the package cache
	@$(PLAYBOOK) molecule/shared/destroy.yml
	@rm -rf .ansible/facts

.PHONY: plan
plan: setup ## Print what the federation's description means; contact nothing (FEDERATION=datacloud)
	@$(PLAYBOOK) playbooks/plan.yml $(if $(FEDERATION),--inventory inventories/$(FEDERATION)/federation.yml)

.PHONY: test
test: host setup-test setup-docs ## Run every check and every Molecule scenario (SCENARIO=backbone: only that one)
	@python scripts/stages.py $(SCENARIO)

.PHONY: test-vm
test-vm: host setup-test ## Run the scenarios in virtual machines: what only a kernel of its own can show (slow)
	@scripts/debian-packages qemu-system-x86 qemu-utils swtpm
	@python scripts/stages.py $(or $(SCENARIO),epic_vm hpc_vm)

.PHONY: lint
lint: setup-test ## Run yamllint, ruff and ansible-lint
	@failed=0; \
	yamllint . || failed=1; \
	ruff check --quiet . || failed=1; \
	ruff format --check --output-format concise . || failed=1; \
	ansible-lint --offline || failed=1; \
	exit $$failed

.PHONY: unit
unit: setup-test ## Run the unit and contract tests
	@python -m pytest --quiet --numprocesses auto tests/unit $(wildcard tests/contract)

.PHONY: sanity
sanity: setup-test ## Run ansible-test sanity on a copy of the tree
	@scripts/sanity

.PHONY: build
build: setup ## Build the installable artifact in build/
	@ansible-galaxy collection build --force --output-path build

molecule-%: host setup-test
	@molecule test --scenario-name $*
destroy-%:
	@molecule destroy --scenario-name $*

.PHONY: docs
docs: setup-docs ## Build the documentation site in docs/_build/html
	@scripts/docs

.PHONY: changelog
changelog: setup-test ## Release the version of galaxy.yml in the changelog
	@scripts/changelog

.PHONY: bench
bench: setup ## Run the benchmarks
	@for run in benchmarks/*/run; do "$$run" || exit; done

.PHONY: clean
clean: ## Remove the lab and everything that make created
	@if [ -x $(BIN)/ansible-playbook ] && [ -e .lab/machines ]; then \
		$(PLAYBOOK) molecule/shared/destroy_machine.yml; fi
	@if [ -x $(BIN)/ansible-playbook ] && [ -e build/second-lab/.lab ]; then \
		scripts/second-lab $(PLAYBOOK) molecule/shared/destroy.yml; fi
	@if [ -x $(BIN)/ansible-playbook ] && [ -e .lab ]; then $(PLAYBOOK) molecule/shared/destroy.yml --extra-vars lab_purge=true; fi
	@rm -rf inventories/lab/{acceptance,ca,evidence,findings,secrets,vpn} inventories/lab/.secrets.key
	@rm -rf .lab .ansible .venv build docs/_build docs/collections .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +
