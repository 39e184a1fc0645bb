"""The plugin's host as a developer builds it: python tools/plugin.py [--onnxruntime-root FOLDER]

Builds plugin/ in a temporary folder, in stub mode and, where ONNX Runtime's headers and library are found, with it;
both with address and undefined-behaviour sanitizers. Runs its tests and programs; installs. Prints a line for each
check, `ok ...`, `FAILED ...` or `skip ...`; status 1 when one
failed, 77 when CMake or a compiler is missing."""
import argparse, os, re, shutil, subprocess, sys, tempfile
from pathlib import Path
from generated import FILES, is_stale
from report import MISSING, ROOT, check, failed, say, skip
from midikompanion_ml.export.golden import write_golden
from midikompanion_ml.networks.inference import weights_folder

PLUGIN = ROOT/'plugin'
NETWORK = 'melody_transformer.onnx' # the one that is damaged
NOT_FOUND = 'ONNX Runtime was not found'

def run(*args, cwd=None):
    "Run a program; returns its output, and what is wrong ('' when nothing is)."
    result = subprocess.run([str(a) for a in args], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, errors='replace', timeout=900)
    if result.returncode==0: return result.stdout, ''
    lines = result.stdout.strip().splitlines() or ['no output']
    errors = [line.strip() for line in lines if re.search(r'\b(FAILED|error|ERROR|expected)\b', line)]
    summary = '; '.join((errors or lines[-5:])[:10])
    return result.stdout, f'{Path(args[0]).name} ended with status {result.returncode}: {summary}'

def configure(source, build, *options):
    "Run CMake on a folder, with Ninja where it is installed."
    ninja = ['-G', 'Ninja'] if shutil.which('ninja') and not os.environ.get('CMAKE_GENERATOR') else []
    return run('cmake', '-S', source, '-B', build, *ninja, '-DCMAKE_BUILD_TYPE=Release', *options)

def build(folder): return run('cmake', '--build', folder, '--config', 'Release', '--parallel', '2')

def same_files(folder):
    "What differs between a folder where models were installed and what belongs there."
    wanted = {p.name: p.read_bytes() for p in weights_folder().glob('*.onnx')}
    wanted['thesaurus.json'] = FILES['plugin/thesaurus.json']().encode()
    installed = {p.name: p.read_bytes() for p in Path(folder).glob('*')}
    return ', '.join(sorted(n for n in {*wanted, *installed} if wanted.get(n)!=installed.get(n)))

def altered_golden(golden, to, row):
    "Golden vectors with one number of one row changed by a hundredth."
    lines = golden.read_text().splitlines()
    index = next(i for i, line in enumerate(lines) if line.startswith(row+','))
    *numbers, final = lines[index].split(',')
    lines[index] = ','.join([*numbers, f'{float(final)+.01}'])
    to.write_text('\n'.join(lines)+'\n')
    return to

def narrow_network(to):
    "A folder with a network that runs and says the right contract, but takes half of its input."
    import onnx
    shutil.copytree(weights_folder(), to)
    model = onnx.load(str(to/NETWORK))
    vector, = model.graph.input
    for node in model.graph.node: node.input[:] = ['whole' if n==vector.name else n for n in node.input]
    model.graph.node.insert(0, onnx.helper.make_node('Concat', [vector.name]*2, ['whole'], axis=1))
    vector.type.tensor_type.shape.dim[1].dim_value //= 2
    onnx.save(model, str(to/NETWORK))
    return to

def host(mode, tmp, golden, *options):
    "Build one mode with sanitizers, and run everything."
    folder, models = tmp/f'build_{mode}', weights_folder()
    output, problem = configure(PLUGIN, folder, '-DMIDIKOMPANION_SANITIZE=ON', '-DCMAKE_CXX_FLAGS=-Werror', *options)
    if NOT_FOUND in ' '.join(output.split()):
        return skip(f'{mode} mode', f'{NOT_FOUND}: set ONNXRUNTIME_ROOT to a folder with include/ and lib/')
    if not check(f'{mode} mode is built without warnings, with sanitizers', problem or build(folder)[1]): return
    scratch = tmp/f'scratch_{mode}'
    scratch.mkdir()
    output, problem = run(folder/'midikompanion_test', models, golden, scratch)
    passed = re.search(r'^(\d+) passed$', output, flags=re.M)
    allocated = re.search(r'^allocations after warm-up: (.*)$', output, flags=re.M)
    check(f'{mode} mode passes its tests', problem or ('' if passed else output[-500:]))
    if passed and allocated: say(f'{passed[1]} tests; allocations after warm-up: {allocated[1]}')
    checker = folder/'midikompanion_check'
    check(f'{mode} mode agrees with golden vectors', run(checker, models, golden)[1])
    rows = ['code,0', 'decoded,3']
    if mode=='ONNX': rows += ['groove_predictor.output,5', 'audio_features.output,1']
    for row in rows:
        altered = altered_golden(golden, tmp/'altered.csv', row)
        noticed = run(checker, models, altered)[1]
        check(f'{mode} mode sees a difference from {row}', '' if noticed else 'it does not')
    check(f'{mode} mode answers an audio thread through a worker', run(folder/'midikompanion_worker', models)[1])
    prefix = tmp/f'installed_{mode}'
    problem = run('cmake', '--install', folder, '--prefix', prefix)[1] or same_files(prefix/'resources'/'models')
    installed = prefix/'bin'/'midikompanion_check'
    check(f'{mode} mode installs models where the plugin looks',
          problem or run(installed, prefix/'resources'/'models', golden)[1])
    return checker

def with_onnx(tmp, golden, root):
    "ONNX mode with sanitizers, then built for speed."
    options = ['-DMIDIKOMPANION_HAS_ONNX=ON', *([f'-DONNXRUNTIME_ROOT={Path(root).resolve()}'] if root else [])]
    if not (checker := host('ONNX', tmp, golden, *options)): return
    try: narrow = narrow_network(tmp/'narrow')
    except ImportError: skip('a network of another width is refused', 'onnx is not installed')
    else:
        output = run(checker, narrow)[0]
        expected = f'{NETWORK}: input embedding float [batch, 32]: expected embedding float [batch, 64]'
        check('a network of another width is refused', '' if expected in output else output)
    folder = tmp/'build_fast'
    if not check('ONNX mode is built for speed', configure(PLUGIN, folder, *options)[1] or build(folder)[1]): return
    output, problem = run(folder/'midikompanion_check', weights_folder(), golden)
    check('ONNX mode agrees with golden vectors when built for speed', problem)
    for line in output.splitlines()[2:9]: say(line)

PART = '''cmake_minimum_required(VERSION 3.16)
project(part LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 20)
add_subdirectory("%s" midikompanion)
add_executable(part main.cpp)
target_link_libraries(part PRIVATE midikompanion::midikompanion)
'''
MAIN = '''#include <midikompanion/models.hpp>
int main() {
    using namespace midikompanion;
    Models loaded;
    Output<Network::melody_transformer> notes_out;
    return loaded.run<Network::melody_transformer>(encode(Emotion{}), notes_out) != Answer::not_loaded;
}
'''

def larger_project(tmp):
    "The library as a part of a larger project, of a later standard."
    source = tmp/'part'
    source.mkdir()
    (source/'CMakeLists.txt').write_text(PART%PLUGIN.as_posix())
    (source/'main.cpp').write_text(MAIN)
    folder = tmp/'build_part'
    problem = configure(source, folder)[1] or build(folder)[1] or run(folder/'part')[1]
    check('a larger project in C++20 takes the library in', problem)

def main(onnxruntime_root=None):
    if not shutil.which('cmake'): print('CMake is not installed'); return MISSING
    compilers = [c for c in ('c++', 'g++', 'clang++') if shutil.which(c)]
    if not (os.environ.get('CXX') or compilers): print('no C++ compiler is installed'); return MISSING
    for path in FILES:
        if path.startswith('plugin/'):
            check(f'{path} is what the library makes', 'make generated' if is_stale(path) else '')
    with tempfile.TemporaryDirectory() as d:
        tmp = Path(d)
        golden = write_golden(tmp/'golden.csv')
        host('stub', tmp, golden, '-DMIDIKOMPANION_HAS_ONNX=OFF')
        larger_project(tmp)
        if shutil.which('make'):
            problem = run('make', '--no-print-directory', 'install-plugin', f'DEST={tmp/"dest"}',
                          f'MODELS={tmp/"none"}', cwd=ROOT)[1]
            check('make install-plugin copies models and words', problem or same_files(tmp/'dest'))
        else: skip('make install-plugin', 'make is not installed')
        with_onnx(tmp, golden, onnxruntime_root)
    return int(bool(failed))

if __name__=='__main__':
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument('--onnxruntime-root', metavar='FOLDER', default=os.environ.get('ONNXRUNTIME_ROOT'),
                      help='ONNX Runtime with include/ and lib/; by default the environment variable ONNXRUNTIME_ROOT')
    sys.exit(main(**vars(args.parse_args())))
