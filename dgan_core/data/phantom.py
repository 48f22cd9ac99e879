"""Simulated B-mode ultrasound of a breast with one mass: the data of the quick profile, nothing to download.

Speckle model (Wagner et al. 1983; Bamber and Dickinson 1980): point scatterers s ~ complex normal with local standard
deviation 10^(E/20), E the echogenicity in dB; the echo is s ∗ h with a separable pulse h, Gaussian along the beam (z)
and wider across it (x). The carrier of h is removed beforehand: s is circular, so |s ∗ h| has the same law without it.
Grey = 255 (1 + 20 log10 |s ∗ h| / R), clipped: log compression to a dynamic range of R dB.

It is meant to look like BUSI at a glance (layers, dark mass, speckle, grey levels); it is not a model of any patient.
Lengths are fractions of the image side, z from 0 at the skin to 1, x from 0 to 1, so that every size shows one anatomy.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image
from scipy import fft, ndimage

LABELS = {"benign": 0, "malignant": 1, "normal": 2}
R = 60.0  # dynamic range of the display, dB
PULSE = (0.0022, 0.0038)  # standard deviations of the pulse along z and x; at a 5 cm depth about 0.11 and 0.19 mm
LOOKS = 4  # averaged envelopes: scanners compound several beams, so speckle is finer than one look's


def phantoms(n, size, label="malignant", seed=0):
    """n phantoms, (n, size, size, 1) uint8. Image i depends on (seed, label, i) only: a longer set extends a shorter.

    malignant: irregular, taller than wide, spiculated, with a shadow; benign: smooth, oval, wider than tall, with
    enhancement behind; normal: no mass (the three classes of BUSI; signs after Stavros et al. 1995).
    """
    if label not in LABELS:
        raise ValueError(f"label must be one of {', '.join(LABELS)}, got {label!r}")
    if n < 0 or size < 8:
        raise ValueError(f"phantoms needs n ≥ 0 and size ≥ 8, got n={n} and size={size}")
    images = np.empty((n, size, size, 1), np.uint8)

    def draw(i):
        images[i, ..., 0] = phantom(size, label, np.random.SeedSequence((seed, LABELS[label], i)))

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(draw, range(n)))
    return images


def phantom(size, label, entropy):
    """One phantom, simulated on a grid of twice its side (up to 512), then reduced as BUSI images are: (size, size)."""
    rng = np.random.Generator(np.random.Philox(entropy))
    anatomy = draw_anatomy(rng, label)
    grid = max(size, min(2 * size, 512))
    z, x = np.meshgrid(*2 * [(np.arange(grid, dtype=np.float32) + 0.5) / grid], indexing="ij")  # (grid, grid)
    echo = tissue(anatomy, z, x, rng)
    if label != "normal":
        echo = add_mass(echo, anatomy, z, x, rng)
    grey = 255 * (1 + scan(echo, rng) / R)
    small = Image.fromarray(np.clip(grey, 0, 255).astype(np.float32)).resize((size, size), Image.Resampling.LANCZOS)
    return np.clip(np.rint(np.asarray(small)), 0, 255).astype(np.uint8)


def draw_anatomy(rng, label):
    """All scalars of one image, drawn before any field, so that they don't depend on the size.

    "behind" is in dB per unit of depth inside the mass: a shadow below 0, enhancement above.
    """
    u = rng.uniform
    malignant = label == "malignant"
    radius = np.exp(u(np.log(0.09), np.log(0.21)))
    taller = u(1.05, 1.5) if malignant else u(0.5, 0.8)  # height / width
    harmonics = np.arange(2, 13)
    decay, rough = (0.8, 0.2) if malignant else (2.0, 0.12)
    a = {
        "gain": rng.normal(-29.2, 4.2),  # dB; its spread is that of the mean grey level of BUSI images
        "decay": u(10, 42),
        "focus": u(0.15, 0.45),
        "tilt": u(-0.25, 0.25, 3),  # directions of septa, streaks, muscle fibres, in radians
        "fat": u(0.12, 0.36),  # depth of its lower face
        "gland": u(0.22, 0.5),  # thickness
        "waves": rng.normal(size=(3, 2, 4)) * 0.016 / np.arange(1, 5),  # undulation of skin, fat, muscle
        "bands": [(u(0, 1), u(0.02, 0.08), u(3, 14), u(0, 0.4)) for _ in range(rng.integers(0, 4))],
        "centre": (u(0.27, 0.52), u(0.25, 0.75)),  # of the mass, z and x
        "radii": radius * np.array([taller**0.5, taller**-0.5]),
        "harmonics": harmonics,
        "outline": rng.normal(size=(2, 11)) * rough / harmonics**decay,
    }
    if malignant:
        a["spicules"] = [(u(-np.pi, np.pi), u(0.1, 0.45), u(0.06, 0.2)) for _ in range(rng.integers(4, 10))]
        return a | {"edge": u(0.1, 0.3), "lean": u(-0.5, 0.5), "inside": u(-24, -14), "behind": -u(25, 95)}
    inside = u(-38, -26) if u() < 0.35 else u(-22, -12)  # a cyst or a solid mass, dB
    return a | {"spicules": [], "edge": u(0.02, 0.05), "lean": u(-0.3, 0.3), "inside": inside, "behind": u(20, 60)}


def field(rng, z, sigma_z, sigma_x, angle=0.0):
    """A smooth Gaussian field of mean 0 and variance 1 with the given correlation lengths along a tilted axis."""
    n = len(z)
    kz, kx = 2 * np.pi * fft.fftfreq(n, 1 / n)[:, None], 2 * np.pi * fft.rfftfreq(n, 1 / n)[None]
    along, across = kx * np.cos(angle) + kz * np.sin(angle), kz * np.cos(angle) - kx * np.sin(angle)
    transfer = np.exp(-0.5 * ((across * sigma_z) ** 2 + (along * sigma_x) ** 2)).astype(np.float32)
    values = fft.irfft2(fft.rfft2(rng.standard_normal((n, n), np.float32)) * transfer, s=(n, n))
    return (values - values.mean()) / values.std()


def ridges(values, width):
    """Thin bright lines along the zero level of a field, in [0, 1]."""
    return np.exp(-((values / width) ** 2))


def step(distance, width):
    """0 before, 1 after, over about the given width."""
    return 0.5 + 0.5 * np.tanh(distance / width)


def gain(a, z, x):
    """Receiver gain in dB, less the attenuation it leaves beyond the focus and at the ends of the aperture."""
    return a["gain"] - 2 * a["decay"] * np.maximum(z - a["focus"], 0) ** 1.3 - 6 * ridges(x * (1 - x), 0.03)


def tissue(a, z, x, rng):
    """Echogenicity in dB, gain included, of skin, fat with septa, fibroglandular tissue and striated muscle."""
    k = np.arange(1, 5)[:, None]
    wave = [(w[0] @ np.cos(np.pi * k * x[0]) + w[1] @ np.sin(np.pi * k * x[0])).astype(np.float32) for w in a["waves"]]
    skin, fat = 0.03 + 0.1 * wave[0], a["fat"] + wave[1]
    muscle = np.maximum(fat + a["gland"] + 2 * wave[2] + a["tilt"][2] * (x[0] - 0.5), fat + 0.08)

    lobules = field(rng, z, 0.03, 0.11, a["tilt"][0])
    patches = field(rng, z, 0.06, 0.1)
    fibres = field(rng, z, 0.007, 0.08, a["tilt"][2])
    crossing = step(patches, 0.6)  # in the gland two directions of streaks, each where the patches say
    streaks = field(rng, z, 0.009, 0.03, a["tilt"][1] - 0.2) * crossing**0.5
    streaks += field(rng, z, 0.007, 0.04, a["tilt"][1] + 0.15) * (1 - crossing) ** 0.5

    in_fat = -6 + 2 * patches + 16 * ridges(lobules, 0.15) * step(streaks + 0.3, 0.5)
    in_gland = 2.5 * lobules + 2 * patches + 4 * streaks + 8 * step(streaks - 1.3, 0.3)
    in_muscle = -7 + 3 * patches + 3.5 * fibres + 6 * step(fibres - 1.3, 0.3)
    to_gland, to_muscle = step(z - fat - 0.02 * lobules, 0.008), step(z - muscle, 0.012)
    echo = in_fat + (in_gland - in_fat) * to_gland
    echo = echo + (in_muscle - echo) * to_muscle
    echo += 9 * ridges(z - muscle, 0.006) + 6 * ridges(z - fat - 0.02 * lobules, 0.006) * step(patches, 0.5)
    echo += (14 - echo) * step(skin - z, 0.004) * 0.6 + 8 * ridges(z - skin, 0.006)  # skin, and its lower face
    echo -= 14 * ridges(z - 0.6 * skin, 0.004) + 12 * step(0.004 - z, 0.003)  # between the two skin lines; probe face

    for centre, width, depth, start in a["bands"]:  # shadows of ligaments and of poor contact
        echo -= depth * ridges(x - centre + 0.1 * a["tilt"][0] * z, 2 * width) * step(z - start, 0.08)
    return echo + gain(a, z, x)


def add_mass(echo, a, z, x, rng):
    """The mass replaces the tissue inside its outline r(θ) and changes all that lies behind it."""
    dz, dx = z - a["centre"][0], x - a["centre"][1]
    dx = dx + a["lean"] * dz * 0.5
    theta = np.arctan2(dz / a["radii"][0], dx / a["radii"][1])
    angles = np.linspace(-np.pi, np.pi, 721)
    phase = a["harmonics"][:, None] * angles
    outline = 1 + a["outline"][0] @ np.cos(phase) + a["outline"][1] @ np.sin(phase)
    for angle, height, width in a["spicules"]:
        outline += height * np.exp(-np.abs(np.angle(np.exp(1j * (angles - angle)))) / width)
    rho = np.hypot(dz / a["radii"][0], dx / a["radii"][1])
    rho = rho / np.interp(theta, angles, np.maximum(outline, 0.35))  # < 1 inside
    if a["spicules"]:
        rho = rho + 0.12 * field(rng, z, 0.02, 0.025)
    inside = step(1 - rho, a["edge"])

    path = np.cumsum(inside, axis=0) / len(z)  # depth of mass passed so far
    path = ndimage.gaussian_filter1d(path, 0.02 * len(z), axis=1)
    halo = (6 if a["spicules"] else 3) * ridges(rho - 1.25, 0.2) * step(-dz + 0.03, 0.05)
    surface = 0 if a["spicules"] else 7 * ridges(rho - 1.03, 0.05) * np.abs(np.sin(theta)) ** 2
    texture = 3 * field(rng, z, 0.02, 0.03)
    shaded = echo + halo + surface + a["behind"] * path
    own = gain(a, z, x) + a["inside"] + texture + 0.4 * min(a["behind"], 0) * path
    return shaded + inside * (own - shaded)


def scan(echo, rng):
    """Envelope of scatterers seen through the pulse, in dB, electronic noise included."""
    n = len(echo)
    s = rng.standard_normal((LOOKS, 2, n, n), np.float32) * 10 ** (echo / 20).astype(np.float32)
    for axis, sigma in zip((2, 3), PULSE, strict=True):
        sigma = max(sigma * n, 0.45)  # on a small grid the pulse would vanish between its points
        half = int(3 * sigma + 1)
        pulse = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma) ** 2)
        s = ndimage.convolve1d(s, pulse / np.linalg.norm(pulse), axis=axis, mode="reflect")  # unit energy
    envelope = np.hypot(s[:, 0], s[:, 1]).mean(0)
    return 20 * np.log10(envelope + 10 ** (-R / 20))
